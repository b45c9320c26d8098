import fc from "fast-check";
import { REQUEST_HEADERS } from "../../../server/http/header_names.ts";
import { MATRIX } from "./matrix.ts";
import type { Row } from "./matrix_columns.ts";
import { BODIES, BREAKS, METHODS, PIECES, TARGETS, VALUES } from "./hostile_values.ts";
import { type SenderName, SENDERS } from "./hostile_senders.ts";

/** A change of a text: so many characters go at a place, and others come there. */
interface Edit {
  /** Where, from 0 at the beginning to 1 at the end. */
  readonly at: number;
  readonly without: number;
  readonly insert: string;
}

/**
 * A request that is a way of asking from the matrix, with something in it that is not. In its texts each character
 * stands for a byte, and the words of the matrix for ids and secrets.
 */
export interface HostileRequest {
  readonly sender: SenderName;
  /** Whose ids the words stand for. */
  readonly whose: "annas" | "own" | "nobodys";
  readonly method: string;
  readonly target: string;
  readonly targetEdits: readonly Edit[];
  /** Changes of the sender's token, cookie or link. */
  readonly secretEdits: readonly Edit[];
  /** The headers of the way of asking, and what comes beside or instead of them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Changes of the whole request, which make it anything: it goes on a connection of its own then. */
  readonly rawEdits: readonly Edit[];
}

const ALL_BYTES = Array.from({ length: 256 }, (_, code) => code);
const isVisible = (code: number) => code >= 0x20 && code !== 0x7f;

const textOf = (code: fc.Arbitrary<number>, maxLength: number) =>
  fc.array(code, { maxLength, size: "max" }).map((codes) => String.fromCharCode(...codes));
/** A text of any bytes. */
const bytes = (max: number) => textOf(fc.integer({ min: 0, max: 255 }), max);
/** A text of any bytes that end no header. Mostly without control characters, for which the runtime refuses them. */
const bytesInLine = (max: number) =>
  fc.oneof(
    { weight: 9, arbitrary: textOf(fc.constantFrom(...ALL_BYTES.filter(isVisible), 9), max) },
    { weight: 1, arbitrary: textOf(fc.constantFrom(...ALL_BYTES.filter((code) => code !== 10 && code !== 13)), max) },
  );
const printable = (max: number) => fc.string({ unit: "grapheme-ascii", maxLength: max, size: "max" });
const few = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { maxLength, size: "max" });

/** A character many times over. */
const long = fc.tuple(fc.constantFrom(...PIECES, "a"), fc.integer({ min: 100, max: 3000 }))
  .map(([piece, times]) => piece.repeat(times));

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 4, arbitrary: bytesInLine(8) },
  { weight: 2, arbitrary: printable(12) },
  { weight: 1, arbitrary: fc.nat().map(String) },
);
/** The same in a target, where the runtime refuses most bytes unless they are encoded. */
const pieceOfTarget = fc.tuple(piece, fc.nat(9)).map(([text, digit]) =>
  digit === 0
    ? text
    : text.replace(/[^!-~]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`)
);
const edit = (insert: fc.Arbitrary<string>): fc.Arbitrary<Edit> =>
  fc.record({ at: fc.integer({ min: 0, max: 100 }).map((part) => part / 100), without: fc.nat(3), insert });
/** Mostly no change, or one. */
const edits = (insert: fc.Arbitrary<string>, often: number) =>
  fc.oneof(
    { weight: 10 - often, arbitrary: fc.constant([]) },
    { weight: often, arbitrary: fc.array(edit(insert), { minLength: 1, maxLength: 3, size: "max" }) },
  );

/** The headers that anything is put in: all that the server reads, and others that a proxy or a browser sends. */
const HEADERS: readonly string[] = [...new Set([...REQUEST_HEADERS, ...Object.keys(VALUES)])];

/** A value of a header: one that means something, one that nearly does, or any bytes. */
function valueOf(name: string): fc.Arbitrary<string> {
  const known = fc.constantFrom(...Object.hasOwn(VALUES, name) ? VALUES[name]! : ["a"]);
  return fc.oneof(
    { weight: 6, arbitrary: known },
    { weight: 4, arbitrary: few(piece, 6).map((parts) => parts.join("")) },
    { weight: 3, arbitrary: bytesInLine(40) },
    { weight: 1, arbitrary: long },
    { weight: 3, arbitrary: fc.tuple(known, edit(piece)).map(([value, one]) => edited(value, [one])) },
  );
}
const OTHER_NAMES = ["__proto__", "X_File_Id", "Remote_User", "constructor", "toString"];
const anyHeader = fc.oneof(
  ...[...HEADERS, ...OTHER_NAMES].map((name) => fc.tuple(fc.constant(name), valueOf(name))),
);

const rowOf = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Row>(...MATRIX) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...TARGETS).map((path): Row => ({ path, verb: "GET", asks: "nothing", expected: [] })),
  },
);
/** A request by anybody of {@linkcode SENDERS}, with something in it that is in no way of asking of the matrix. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc.record({
  sender: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.keys(SENDERS) as SenderName[]) },
    { weight: 1, arbitrary: fc.constant<SenderName>("bob") },
  ),
  whose: fc.constantFrom("annas", "annas", "own", "own", "nobodys"),
  row: rowOf,
  method: fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.constantFrom(...METHODS) },
    { weight: 1, arbitrary: fc.oneof(bytesInLine(6), fc.stringMatching(/^[!#$%&'*+.^_`|~\w-]{1,6}$/)) },
  ),
  targetEdits: edits(pieceOfTarget, 1),
  query: fc.oneof(
    { weight: 8, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: few(pieceOfTarget, 6).map((parts) => `?${parts.join("")}`) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("folder", "limit", "cursor", "owner"), pieceOfTarget).map((one) =>
        `?${one.join("=")}`
      ),
    },
  ),
  secretEdits: edits(piece, 1),
  more: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.tuple(anyHeader) },
    { weight: 1, arbitrary: few(anyHeader, 6) },
  ),
  address: fc.oneof(fc.constant(undefined), fc.ipV4(), fc.ipV6()),
  isKept: fc.integer({ min: 0, max: 9 }).map((digit) => digit > 0),
  body: fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: bytes(40) },
    { weight: 2, arbitrary: fc.constantFrom(...BODIES) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...BODIES), edit(bytes(4))).map(([text, one]) => edited(text, [one])),
    },
    { weight: 1, arbitrary: long },
  ),
  rawEdits: fc.oneof(
    { weight: 29, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        edit(fc.oneof(bytes(8), fc.constantFrom(...BREAKS))),
        { minLength: 1, maxLength: 3, size: "max" },
      ),
    },
  ),
}).map(({ row, method, query, address, more, isKept, body, ...rest }) => ({
  ...rest,
  method: method ?? row.verb,
  target: row.path + (row.path.includes("?") ? query.replace("?", "&") : query),
  headers: [
    ...isKept ? Object.entries(row.headers ?? {}) : [],
    ...address === undefined ? [] : [["X-Forwarded-For", address] as const],
    ...more,
  ],
  body: body ?? row.body ?? "",
}));

/** The text with its changes, one after the other. */
export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { at, without, insert }) => {
    const from = Math.round(at * text.length);
    return text.slice(0, from) + insert + text.slice(from + without);
  }, text);
}
