import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Delimiter } from "../../../server/receiving/delimiter.ts";
import { MultipartError, MultipartParser } from "../../../server/receiving/multipart.ts";

interface Part {
  readonly head: string;
  readonly body: string;
}

/** Each character of a body is one byte. */
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function bodyOf(boundary: string, parts: readonly Part[]): string {
  const lines = parts.map(({ head, body }) => `--${boundary}\r\n${head}${head === "" ? "" : "\r\n"}\r\n${body}\r\n`);
  return `${lines.join("")}--${boundary}--\r\n`;
}

/** Parses a body that comes in these pieces. Each piece is overwritten when the next one comes. */
async function parse(boundary: string, pieces: readonly string[]): Promise<{ parts: Part[]; isOver: boolean }> {
  const parts: Part[] = [];
  let open: { head: string; body: string } | undefined;
  const parser = new MultipartParser(boundary, (head) => {
    const part = open = { head, body: "" };
    return {
      write: (bytes) => void (part.body += String.fromCharCode(...bytes)),
      end() {
        parts.push(part);
        open = undefined;
      },
    };
  });
  for (const piece of pieces) {
    const bytes = bytesOf(piece);
    await parser.write(bytes);
    bytes.fill(0);
  }
  if (open !== undefined) parts.push(open);
  return { parts, isOver: parser.isOver };
}

const FORM = [
  { head: 'Content-Disposition: form-data; name="a"; filename="a.txt"', body: "hello\r\n--xy\r\n-\r\n\r\n--" },
  { head: "A: b\r\nC: d", body: "" },
  { head: "", body: "\r\n" },
  { head: "E: f", body: "\r\n--x\r\n--\r" },
];

Deno.test("a form that is cut at any place, or comes byte by byte, has the same parts", async () => {
  const text = `${bodyOf("xyz", FORM)}the end`;
  for (let at = 0; at <= text.length; at++) {
    assertEquals(await parse("xyz", [text.slice(0, at), text.slice(at)]), { parts: FORM, isOver: true });
  }
  assertEquals(await parse("xyz", [...text]), { parts: FORM, isOver: true });
  assertEquals(await parse("xyz", ["\r\n", text]), { parts: FORM, isOver: true });
  assertEquals(await parse("xyz", [..."\r\n", ...text]), { parts: FORM, isOver: true });
});

Deno.test("whatever parts a form has, and in whatever pieces it comes, they are read as they were sent", async () => {
  const near = fc.string({ unit: fc.constantFrom("\r", "\n", "-", "b", "c", "\0", "\xff"), maxLength: 30 });
  const head = fc.array(fc.constantFrom("A: 1", "B: -- --b", "C:"), { maxLength: 3 }).map((lines) =>
    lines.join("\r\n")
  );
  const form = fc.record({
    boundary: fc.string({ unit: fc.constantFrom("b", "c", "-"), minLength: 1, maxLength: 5 }),
    parts: fc.array(fc.record({ head, body: near }), { maxLength: 5 }),
    cuts: fc.array(fc.nat(300), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(form, async ({ boundary, parts, cuts }) => {
      const end = `\r\n--${boundary}`;
      fc.pre(parts.every(({ body }) => !`\r\n${body}${end}`.slice(0, -1).includes(end)));
      const text = bodyOf(boundary, parts);
      const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
      assertEquals(await parse(boundary, pieces), { parts, isOver: true });
    }),
    { numRuns: 300 },
  );
});

Deno.test("a part whose empty line is the line break of a delimiter is empty, and takes no other part in", async () => {
  const text = "--b\r\nA: 1\r\n\r\n--b\r\nB: 2\r\n\r\nbody\r\n--b--";
  const parts = [{ head: "A: 1", body: "" }, { head: "B: 2", body: "body" }];
  assertEquals(await parse("b", [text]), { parts, isOver: true });
  assertEquals(await parse("b", [...text]), { parts, isOver: true });
});

Deno.test("a form that is cut off gives what came of its last part, and is not over", async () => {
  assertEquals(await parse("b", ["--b\r\nA: 1\r\n\r\nbody\r\n--"]), {
    parts: [{ head: "A: 1", body: "body" }],
    isOver: false,
  });
  assertEquals(await parse("b", ["--b  \t\r\nA: 1\r\n\r\nbody\r\n--b "]), {
    parts: [{ head: "A: 1", body: "body" }],
    isOver: false,
  });
});

Deno.test("what is no form, and what has no end, is refused at once", async () => {
  const endless = "A: ".padEnd(17 * 1024, "x");
  for (
    const pieces of [
      ["a"],
      ["-", "-c"],
      ["\r\nx"],
      ["preamble\r\n--b\r\n"],
      ["--bc\r\n"],
      ["--b\nA: 1\n\n"],
      [`--b${" ".repeat(65)}\r\n`],
      [`--b\r\n${endless}`],
      ["--b\r\n", ...endless.match(/.{1000}/gs)!],
      [`--b\r\n${endless}\r\n\r\n`],
      ["--b--", "x".repeat(1025)],
    ]
  ) {
    await assertRejects(() => parse("b", pieces), MultipartError);
  }
});

Deno.test("a delimiter is found where it is first, however its beginning repeats", () => {
  for (const name of ["a", "aa", "ab", "-", "abcabd", "a".repeat(70)]) {
    const text = `\r\n--${name}`;
    const delimiter = new Delimiter(text);
    for (const before of ["", "\r", "\r\n", "\r\n-", "\r\n--", text.slice(0, -1), "aaaa\r\r\n--", "x".repeat(100)]) {
      const bytes = bytesOf(`${before}${text}${text}`);
      const place = `${before}${text}`.indexOf(text);
      assertEquals([name, before, delimiter.indexIn(bytes, 0)], [name, before, place]);
      assertEquals(delimiter.indexIn(bytes.subarray(0, place + text.length - 1), 0), -1);
    }
  }
});
