import { extent } from "../../support/campaign.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { UploadError } from "../../../server/errors.ts";
import { cleanName, numberedName } from "../../../server/model/names.ts";
import { placeOf } from "../../../server/model/place.ts";

/** How many names are tried. */
const RUNS = extent({ short: 500, long: 500_000 });
const MAX_LENGTH = 5000;

/** The characters of known attacks by names, one group for each kind. All groups are equally likely. */
const ALPHABETS = [
  [".", "..", " ", "\u00a0", "\u3000", "\t", ". "],
  ["/", "\\", ":", "*", "?", "|", "%2e", "%2f"],
  ["\0", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066", "\ufeff"],
  ["\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u180e", "\u3164", "\ufe0f", "\u{e0061}"],
  ["\u0300", "\u0301", "\u0323", "\u0344", "\u0345", "\u0f71", "\u05b0", "\u3099", "\u{1d165}"],
  ["u\u0308", "A\u030a", "\u1112\u1161\u11ab", "\u212b", "\u212a", "\u0958", "\ufb1d", "\u{2f800}", "\u2126"],
  ["\ud800", "\udfff", "\udc00\ud800", "\ufffe", "\uffff", "\ufffd", "\u{10ffff}", "\ue000"],
  ["CON", "nul", "AUX", "COM1", "com¹", "LPT³", "CONIN$", "prn"],
  ["a", "Z", "0", "ü", "报", "🎉", "👩‍🚀", "_", "-", "(2)", ".pdf", ".tar.gz", "-1-2"],
];

/** A few pieces, some of them many times over: what cleaning cuts, and what cutting lays bare, is seldom short. */
const piece = fc.tuple(
  fc.oneof(...ALPHABETS.map((letters) => fc.constantFrom(...letters))),
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.integer({ min: 2, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 240, max: 260 }) },
  ),
).map(([text, times]) => text.repeat(times));
/** Any code points, halves of surrogate pairs as well. `fc.string({ unit: "binary" })` makes a table of all of them. */
const anyCharacters = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 10 })
  .map((points) => String.fromCodePoint(...points));
const anyText = fc.oneof(
  { weight: 8, arbitrary: fc.array(piece, { minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.array(piece, { minLength: 1, maxLength: 100, size: "max" }) },
  { weight: 1, arbitrary: fc.array(anyCharacters, { minLength: 1, maxLength: 8 }) },
).map((pieces) => pieces.join("").slice(0, MAX_LENGTH));

/** The rule for a name on disk, written here anew, independently of the tested code. */
function checkName(name: string): void {
  const is = (holds: boolean, what: string) => assert(holds, `${what}: ${JSON.stringify(name)}`);
  is(name !== "" && name !== "." && name !== "..", "a name that is none");
  is(!name.includes("/") && !name.includes("\\"), "a separator");
  is(![...name].some((letter) => letter <= "\x1f" || letter >= "\x7f" && letter <= "\x9f"), "a control character");
  is(name === name.trim(), "a space at an end");
  is(!name.endsWith("."), "a dot at its end");
  is(name.isWellFormed() && name === name.normalize("NFC"), "not in NFC");
  is(new TextEncoder().encode(name).length <= 255, "over 255 bytes");
  const [base = ""] = name.split(/[.:]/);
  const devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
  const numbered = ["COM", "LPT"].flatMap((port) => [..."0123456789¹²³"].map((digit) => port + digit));
  is(![...devices, ...numbered].includes(base.trim().toUpperCase()), "a device of Windows");
}

Deno.test("whatever name a client gives, the cleaned one can stand on disk, numbered too, and cleaned again is the same", () => {
  fc.assert(
    fc.property(
      anyText,
      fc.oneof(fc.integer({ min: 2, max: 99 }), fc.maxSafeNat().map((n) => Math.max(n, 2))),
      (text, number) => {
        const name = cleanName(text);
        if (name === undefined) return;
        checkName(name);
        assertEquals(cleanName(name), name);
        const numbered = numberedName(name, number);
        checkName(numbered);
        assertEquals(cleanName(numbered), numbered);
        assert(numbered.includes(` (${number})`));
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("a name with a letter or a digit in it is never refused", () => {
  const letter = fc.constantFrom("a", "Z", "7", "ü", "报");
  const last = fc.tuple(fc.string({ maxLength: 40 }), letter, fc.string({ maxLength: 40 }))
    .map(([before, letter, after]) => `${before}${letter}${after}`.replace(/[/\\]/g, ""));
  fc.assert(fc.property(last, (name) => cleanName(name) !== undefined), { numRuns: RUNS / 10 });
});

Deno.test("whatever path a client gives, it is refused, or lies below the root in folders that can stand on disk", () => {
  fc.assert(
    fc.property(
      fc.array(anyText, { minLength: 1, maxLength: 6 }),
      fc.option(anyText, { nil: undefined }),
      (parts, name) => {
        try {
          const place = placeOf({ path: parts.join("/"), name });
          for (const part of [...place.folders, ...place.name === undefined ? [] : [place.name]]) checkName(part);
          assert(place.folders.length <= 32);
          assert(new TextEncoder().encode([...place.folders, place.name].join("/")).length <= 2048);
        } catch (error) {
          assert(error instanceof UploadError && error.code === "bad-request", String(error));
          assert(!error.message.includes("\n"));
        }
      },
    ),
    { numRuns: RUNS / 5 },
  );
});
