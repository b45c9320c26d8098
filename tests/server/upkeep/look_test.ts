import { assertEquals } from "@std/assert";
import { completed, newUpload } from "../../../server/model/upload.ts";
import type { ByteStore, FinishedFile } from "../../../server/storage/store.ts";
import type { Fault } from "../../../server/upkeep/faults.ts";
import { type Eyes, look } from "../../../server/upkeep/look.ts";
import { verify } from "../../../server/upkeep/verify.ts";

const ID = "A".repeat(22);
const digests = [{ algorithm: "sha-256" as const, value: new Uint8Array(32) }];
const upload = completed(
  {
    ...newUpload({ owner: "anna", name: "a", folders: [], length: 3, digests }, {
      id: ID,
      now: 0,
      serviceNow: 0,
      expireAfterMs: 1,
      boot: "b",
      durable: true,
    }),
    offset: 3,
  },
  "a",
  0,
);

/** A finished file that is there, whose bytes are read by `read`. */
function eyesOn(read: () => ReadableStream<Uint8Array<ArrayBuffer>>, more: Partial<ByteStore> = {}): Eyes {
  const file: FinishedFile = { length: 3, modifiedAt: 0, head: () => Promise.reject(), read, close() {} };
  const bytes: Partial<ByteStore> = {
    length: () => Promise.resolve(undefined),
    find: () => Promise.resolve("there"),
    openFinished: () => Promise.resolve(file),
    ...more,
  };
  return {
    records: { get: () => Promise.resolve(upload), claimant: () => Promise.resolve(ID) },
    bytes: bytes as ByteStore,
    isThere: () => true,
    boot: "b",
  };
}

const subject = { kind: "upload", id: ID } as const;

Deno.test("a disk that does not give the bytes, or no answer about the file, is a fault, and does not end the look", async () => {
  const failing = eyesOn(() =>
    ReadableStream.from((async function* () {})()).pipeThrough(
      new TransformStream({
        flush() {
          throw new Error("Input/output error (os error 5)");
        },
      }),
    )
  );
  const expected: Fault = {
    kind: "unreadable",
    place: "files/a",
    what: "cannot be read: Input/output error (os error 5)",
  };
  assertEquals(await look(failing, subject), expected);
  const mute = eyesOn(() => new ReadableStream(), { find: () => Promise.reject(new Error("Stale file handle")) });
  assertEquals((await look(mute, subject))?.what, "cannot be read: Stale file handle");
});

Deno.test("a damaged file is read once, and is wrong at the second look only if it is still there", async () => {
  let reads = 0;
  let whereabouts: "there" | "missing" = "there";
  const eyes = eyesOn(() => {
    reads++;
    return ReadableStream.from([new Uint8Array(3)]);
  }, { find: () => Promise.resolve(whereabouts) });
  const fault = await look(eyes, subject);
  assertEquals(fault?.kind, "damaged");
  assertEquals(await look(eyes, subject, fault), fault);
  assertEquals(reads, 1);
  whereabouts = "missing";
  assertEquals((await look(eyes, subject, fault))?.kind, "missing");
});

Deno.test("verify waits once for a thousand suspects, and calls nothing wrong that is right at the second look", async () => {
  let waits = 0;
  const eyes = eyesOn(() => ReadableStream.from([]), {
    find: () => Promise.resolve(waits === 0 ? "missing" : "there"),
  });
  const lines: string[] = [];
  const left = await verify({
    ...eyes,
    records: { ...eyes.records, get: () => Promise.resolve({ ...upload, digests: [] }) },
    subjects: (async function* () {
      for (let count = 0; count < 1000; count++) yield subject;
    })(),
    isHeld: () => Promise.resolve(false),
    wait: () => Promise.resolve(void waits++),
    print: (line) => void lines.push(line),
  });
  assertEquals([left, waits, lines], [0, 1, ["Looked at 1000 uploads and 0 files: nothing is wrong"]]);
});

Deno.test("what cannot be repaired is told, and is still wrong", async () => {
  const lines: string[] = [];
  const left = await verify({
    ...eyesOn(() => ReadableStream.from([]), { length: () => Promise.resolve(3) }),
    subjects: ReadableStream.from([subject]),
    isHeld: () => Promise.resolve(false),
    wait: () => Promise.resolve(),
    print: (line) => void lines.push(line),
    repair: () => Promise.reject(new Error("Another server process is writing to this upload")),
  });
  assertEquals([left, lines], [1, [
    `incoming/${ID} is a second name of files/a, which is finished. Now remove this second name`,
    `incoming/${ID} cannot be repaired: Another server process is writing to this upload`,
    "Looked at 1 uploads and 0 files: 1 are wrong, 0 were repaired",
  ]]);
});
