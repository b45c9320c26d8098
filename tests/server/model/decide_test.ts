import { assertEquals } from "@std/assert";
import { comesAgain, decide, type PresentUpload, type SentById } from "../../../server/model/decide.ts";
import type { Digest } from "../../../server/model/digest.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";

/** An unfinished upload of `offset` bytes; of `length` bytes in the end, where that is known. */
function unfinished(offset: number, length?: number): PresentUpload {
  return {
    state: "receiving",
    id: "unfinished",
    owner: "somebody",
    name: "a",
    folders: [],
    createdAt: 0,
    lastByteAt: 0,
    dueAt: 0,
    boot: "",
    offset,
    ...length !== undefined && { length },
  };
}

/** A finished upload of `length` bytes, with digests if its client sent some. */
function finished(length: number, digests?: readonly Digest[]): CompleteUpload {
  const upload = { id: "finished", owner: "somebody", createdAt: 0, completedAt: 0, path: "a", length } as const;
  return { ...upload, state: "complete", ...digests !== undefined && { digests } };
}

/** Digests whose bytes are all `first`, and all `second` of another algorithm. */
const digests = (first: number, second?: number): Digest[] => [
  { algorithm: "sha-256", value: new Uint8Array(32).fill(first) },
  ...second === undefined ? [] : [{ algorithm: "sha-512" as const, value: new Uint8Array(64).fill(second) }],
];

const REPEATABLE = { neverStartsOver: true } as const;
const TAKEN = { isTakenOver: true } as const;

const TABLE: readonly [string, PresentUpload | undefined, SentById, string][] = [
  ["nothing, from byte 0", undefined, { offset: 0 }, "begin"],
  ["nothing, from byte 0, never over", undefined, { offset: 0, ...REPEATABLE }, "begin"],
  ["nothing, from byte 0, taken over", undefined, { offset: 0, ...TAKEN }, "begin"],
  ["nothing, from byte 3", undefined, { offset: 3 }, "refuse wrong-offset 0"],

  ["unfinished, from its end", unfinished(3), { offset: 3 }, "goOn unfinished"],
  ["unfinished, from elsewhere", unfinished(3), { offset: 2 }, "goOn unfinished"],
  ["unfinished, from its end, taken over", unfinished(3), { offset: 3, ...TAKEN }, "goOn unfinished"],
  ["unfinished, from byte 0", unfinished(3), { offset: 0 }, "replace unfinished"],
  ["unfinished and empty, from byte 0", unfinished(0), { offset: 0 }, "replace unfinished"],
  ["unfinished, from byte 0, taken over", unfinished(3), { offset: 0, ...TAKEN }, "refuse taken-over"],
  ["unfinished, never over", unfinished(3, 9), { offset: 0, ...REPEATABLE }, "goOn unfinished"],
  ["unfinished, never over, one length", unfinished(3, 9), { offset: 0, length: 9, ...REPEATABLE }, "goOn unfinished"],
  [
    "unfinished, never over, another length",
    unfinished(3, 9),
    { offset: 0, length: 8, ...REPEATABLE },
    "replace unfinished",
  ],
  ["unfinished and empty, never over", unfinished(0, 9), { offset: 0, length: 9, ...REPEATABLE }, "replace unfinished"],
  ["unfinished, never over, taken over", unfinished(3, 9), { offset: 0, ...REPEATABLE, ...TAKEN }, "goOn unfinished"],

  ["finished, from its end", finished(5), { offset: 5, bodyLength: 0 }, "goOn finished"],
  ["finished, from elsewhere", finished(5), { offset: 2 }, "goOn finished"],
  ["finished, from byte 0", finished(5), { offset: 0, length: 5 }, "beside finished"],
  ["finished, from byte 0, taken over", finished(5), { offset: 0, length: 5, ...TAKEN }, "refuse taken-over"],
  ["finished, never over", finished(5), { offset: 0, length: 5, ...REPEATABLE }, "goOn finished"],
  ["finished, never over, another length", finished(5), { offset: 0, length: 6, ...REPEATABLE }, "beside finished"],
  ["finished, an empty file", finished(5), { offset: 0, length: 0 }, "beside finished"],
  ["an empty file, again", finished(0), { offset: 0, length: 0 }, "goOn finished"],
  ["an empty file, again, without a length", finished(0), { offset: 0, bodyLength: 0 }, "goOn finished"],
  ["an empty file, and now one that is not", finished(0), { offset: 0, length: 5, bodyLength: 0 }, "beside finished"],
];

/** The decision in one line. */
function outcomeOf(known: PresentUpload | undefined, request: SentById, hasFile?: boolean): string {
  const decision = decide(known, request, hasFile);
  if (decision.kind === "begin") return "begin";
  if (decision.kind !== "refuse") return `${decision.kind} ${decision.known.id}`;
  const { code, offset } = decision.error;
  return ["refuse", code, offset].filter((part) => part !== undefined).join(" ");
}

Deno.test("decide() tells what a request means for the upload of its client's id", () => {
  for (const [what, known, request, expected] of TABLE) {
    assertEquals([what, outcomeOf(known, request)], [what, expected]);
  }
});

Deno.test("decide() goes on to no finished upload whose file was taken away", () => {
  const requests = [{ offset: 0, length: 5 }, { offset: 0, length: 5, ...REPEATABLE }, { offset: 0, ...TAKEN }];
  for (const request of requests) assertEquals(outcomeOf(finished(5), request, false), "beside finished");
  assertEquals(outcomeOf(finished(5), { offset: 5 }, false), "refuse wrong-offset 0");
});

Deno.test("a file comes again if it counts once, and length and digests are those of the finished one", () => {
  const once = { offset: 0, countsOnce: true, length: 5 };
  const table: [known: PresentUpload, request: SentById, expected: boolean][] = [
    [finished(5, digests(1)), { ...once, digests: digests(1) }, true],
    [finished(5, digests(1)), { ...once, digests: digests(1, 2) }, true],
    [finished(5, digests(1, 2)), { ...once, digests: digests(1, 3) }, false],
    [finished(5, digests(1)), { ...once, digests: digests(2), ...REPEATABLE }, false],
    [finished(5, digests(1)), { ...once, ...REPEATABLE }, true],
    [finished(5), { ...once, digests: digests(1), ...REPEATABLE }, true],
    [finished(5), { ...once, digests: digests(1) }, false],
    [finished(5, digests(1)), once, false],
    [finished(5, digests(1)), { ...once, length: 6, digests: digests(1) }, false],
    // A body to the end of the file tells the length too; without any, the digest is enough, and nothing else.
    [finished(5), { offset: 0, countsOnce: true, toTheEnd: true, bodyLength: 5, ...REPEATABLE }, true],
    [finished(5, digests(1)), { offset: 0, countsOnce: true, digests: digests(1) }, true],
    [finished(5, digests(1)), { offset: 0, countsOnce: true, ...REPEATABLE }, false],
    [finished(5, digests(1)), { ...once, offset: 2, digests: digests(1) }, false],
    [finished(5, digests(1)), { offset: 0, length: 5, digests: digests(1) }, false],
    [unfinished(5, 5), { ...once, ...REPEATABLE }, false],
  ];
  for (const [known, request, expected] of table) {
    assertEquals([known, request, comesAgain(known, request)], [known, request, expected]);
    if (expected) assertEquals(outcomeOf(known, request), "goOn finished");
  }
});
