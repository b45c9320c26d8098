import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { parsePartHead } from "../../../../server/protocols/form/part_head.ts";

const latin1 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
const nameIn = (rest: string) => parsePartHead(`Content-Disposition: form-data; name="f"${latin1(rest)}`).fileName;

Deno.test("a file's name is read as browsers, curl and other programs write it", () => {
  const cases: [rest: string, expected: string | undefined][] = [
    ["", undefined],
    ['; filename=""', ""],
    ['; filename="a.txt"', "a.txt"],
    ["; filename=a.txt", "a.txt"],
    [';filename="a.txt";', "a.txt"],
    ['; FileName = "a.txt"', "a.txt"],
    ['; filename="a b; c=d.txt"', "a b; c=d.txt"],
    ['; filename="중간고사 à.pdf"', "중간고사 à.pdf"],
    // Chrome and Firefox escape three characters, and no other.
    ['; filename="say %22hi%22%0D%0A 100%25.txt"', 'say "hi"\r\n 100%25.txt'],
    // curl before 7.81, and Python.
    ['; filename="say \\"hi\\" \\\\.txt"', 'say "hi" \\.txt'],
    // Old browsers on Windows.
    ['; filename="C:\\fakepath\\a.txt"', "C:\\fakepath\\a.txt"],
    ['; filename="photos/2026/a.jpg"', "photos/2026/a.jpg"],
    ["; filename=\"x\"; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"],
    ["; filename*=utf-8'en'%e2%82%ac.txt; filename=\"x\"", "€.txt"],
    ["; filename*=UTF-8''%ff; filename=\"x\"", "x"],
    ["; filename*=iso-8859-1''%a3; filename=\"x\"", "x"],
  ];
  for (const [rest, expected] of cases) assertEquals([rest, nameIn(rest)], [rest, expected]);
  // Bytes that are not UTF-8 are read as Latin-1.
  assertEquals(parsePartHead('Content-Disposition: form-data; filename="caf\xe9"').fileName, "café");
});

Deno.test("the headers of a part are read as those of a request", () => {
  const head = parsePartHead("X-File-Id:  one \t\r\nx-file-id: two\r\nX-Empty:\r\nX-End: \xc3\xa0");
  assertEquals(head.get("X-FILE-ID"), "one, two");
  assertEquals([head.get("x-empty"), head.get("x-none"), head.fileName], ["", null, undefined]);
  assertEquals(head.get("x-end"), "\xc3\xa0");
  assertEquals(parsePartHead("").fileName, undefined);
});

Deno.test("a part whose head no request could have is refused", () => {
  const wrong = [
    "no colon",
    ": no name",
    "A B: c",
    "A : b",
    " A: folded",
    "A: b\r\n folded",
    "A: b\nB: c",
    "A: \0",
    "A: b\x7f",
    'Content-Disposition: form-data; name="a',
    'Content-Disposition: form-data; filename="a"b"',
    'Content-Disposition: form-data; filename="a"; filename="b"',
    "Content-Disposition: form-data; filename",
  ];
  for (const head of wrong) assertThrows(() => parsePartHead(head), UploadError);
});
