import { assertEquals } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { agree, type Announced, type Known, tellsMore, toldLength } from "../../../server/model/agree.ts";

const MAX_BYTES = 100;
const digests = [{ algorithm: "sha-256", value: new Uint8Array([1]) }] as const;
const others = [{ algorithm: "sha-256", value: new Uint8Array([2]) }] as const;

/** What the file is agreed to be, or the code of the refusal with the count that it tells. */
function outcomeOf(known: Known, request: Partial<Announced>): unknown {
  try {
    return agree(known, { offset: known.offset, toTheEnd: false, ...request }, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    return error.offset === undefined ? error.code : `${error.code} ${error.offset}`;
  }
}

const TABLE: readonly [string, Known, Partial<Announced>, unknown][] = [
  ["nothing is told", { offset: 0 }, {}, {}],
  ["the length is known", { offset: 3, length: 9 }, {}, { length: 9 }],
  ["the length is told", { offset: 3 }, { length: 9 }, { length: 9 }],
  ["the length is told again", { offset: 3, length: 9 }, { length: 9 }, { length: 9 }],
  ["the body goes to the end", { offset: 3 }, { bodyLength: 4, toTheEnd: true }, { length: 7 }],
  ["the body goes to the end, and nothing tells where", { offset: 3 }, { toTheEnd: true }, {}],
  ["the body need not go to the end", { offset: 3 }, { bodyLength: 4 }, {}],
  ["the body ends where the file does", { offset: 3, length: 9 }, { bodyLength: 6 }, { length: 9 }],
  ["an empty file", { offset: 0 }, { length: 0, bodyLength: 0 }, { length: 0 }],
  ["digests are known", { offset: 0, digests }, {}, { digests }],
  ["digests are told", { offset: 0, digests }, { digests: others }, { digests: others }],

  ["another start", { offset: 3 }, { offset: 2 }, "wrong-offset 3"],
  ["another start goes before another length", { offset: 3, length: 9 }, { offset: 2, length: 8 }, "wrong-offset 3"],
  ["another length", { offset: 3, length: 9 }, { length: 8 }, "size-changed 3"],
  ["another end", { offset: 3, length: 9 }, { bodyLength: 5, toTheEnd: true }, "size-changed 3"],
  ["a length that has passed", { offset: 3 }, { length: 2 }, "too-long 3"],
  ["more than the length", { offset: 3, length: 9 }, { bodyLength: 7 }, "too-long 3"],
  ["the largest file", { offset: 0 }, { length: MAX_BYTES }, { length: MAX_BYTES }],
  ["one byte too large", { offset: 0 }, { length: MAX_BYTES + 1 }, "too-large"],
  ["a body that makes it too large", { offset: 99 }, { bodyLength: 2 }, "too-large"],
];

Deno.test("agree() holds a request against what is known of the upload", () => {
  for (const [what, known, request, expected] of TABLE) {
    assertEquals([what, outcomeOf(known, request)], [what, expected]);
  }
});

Deno.test("toldLength() is the length that a request tells, or the end of a body that goes to it", () => {
  const tells = (request: Partial<Announced>) => toldLength({ offset: 3, toTheEnd: true, ...request });
  assertEquals([tells({}), tells({ bodyLength: 4 }), tells({ bodyLength: 4, length: 9 })], [undefined, 7, 9]);
  assertEquals(tells({ bodyLength: 4, toTheEnd: false }), undefined);
});

Deno.test("tellsMore() is true for what is not known yet", () => {
  assertEquals(tellsMore({ offset: 0 }, {}), false);
  assertEquals(tellsMore({ offset: 0, length: 9, digests }, { length: 9, digests }), false);
  assertEquals(tellsMore({ offset: 0 }, { length: 9 }), true);
  assertEquals(tellsMore({ offset: 0, length: 9 }, { length: 9, digests }), true);
  assertEquals(tellsMore({ offset: 0, digests }, { digests: others }), true);
});
