import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { factsOfMetadata, parseMetadata } from "../../../../server/protocols/tus/metadata.ts";
import { base64 } from "../../../support/tus_wire.ts";

function facts(fields: Record<string, string>) {
  return factsOfMetadata(
    parseMetadata(Object.entries(fields).map(([key, text]) => `${key} ${base64(text)}`).join(",")),
  );
}

Deno.test("parseMetadata() gives the bytes of each value; an empty one may omit its space", () => {
  const metadata = parseMetadata("a,b ,c //79, d YQ==");
  assertEquals([...metadata], [
    ["a", new Uint8Array()],
    ["b", new Uint8Array()],
    ["c", new Uint8Array([0xff, 0xfe, 0xfd])],
    ["d", new Uint8Array([97])],
  ]);
  assertEquals(parseMetadata("").size, 0);
});

Deno.test("parseMetadata() says which pair is wrong", () => {
  const wrong: [string, string][] = [
    ["a,a", '"a" only once'],
    ["a YQ", 'base64 for the value of "a"'],
    ["a Y=Q=", 'base64 for the value of "a"'],
    ["a Y Q", "pairs like name BASE64"],
    ["a,", "pairs like name BASE64"],
    [`a ${"AAAA".repeat(5000)}`, "at most 16384 bytes"],
  ];
  for (const [text, message] of wrong) assertThrows(() => parseMetadata(text), UploadError, message);
});

Deno.test("factsOfMetadata() knows the keys of all clients, and what no file can have is passed over", () => {
  const expected: [Record<string, string>, unknown][] = [
    [{}, { name: "file", folders: [] }],
    [{ filename: "a.pdf", name: "b" }, { name: "a.pdf", folders: [] }],
    [{ name: "отчёт 👩‍🚀.pdf", type: "text/plain;x=y" }, { name: "отчёт 👩‍🚀.pdf", folders: [], type: "text/plain" }],
    [{ name: "a", relativePath: "b/c/a" }, { name: "a", folders: ["b", "c"] }],
    [{ relativePath: "/b/a" }, { name: "a", folders: ["b"] }],
    [{ name: "a", relativePath: "b\\c\\a" }, { name: "a", folders: ["b", "c"] }],
    [{ name: "b\\a", relativePath: "null", filetype: "null" }, { name: "a", folders: ["b"] }],
    [{ name: "C:\\fakepath\\a" }, { name: "a", folders: [] }],
    [{ name: "..", relativePath: "b/a" }, { name: "a", folders: ["b"] }],
    [{ relativePath: "null", type: "undefined" }, { name: "file", folders: [] }],
    [{ name: ".." }, { name: "file", folders: [] }],
    [{ filename: "", name: "a" }, { name: "a", folders: [] }],
  ];
  for (const [fields, found] of expected) assertEquals<unknown>([fields, facts(fields)], [fields, found]);
});

Deno.test("factsOfMetadata() reads a name that is not UTF-8", () => {
  assertEquals(factsOfMetadata(new Map([["filename", new Uint8Array([0x63, 0xe9])]])).name, "cé");
});

Deno.test("factsOfMetadata() refuses folders that climb out or are over the limits: they are not dropped", () => {
  const up = `..${" ".repeat(300)}x`;
  const paths = [
    "../../a",
    `${up}/${up}/a`,
    "b\\..\\a",
    "b//a",
    `${"b/".repeat(33)}a`,
    `${"b".repeat(250)}/`.repeat(8) + "a",
  ];
  for (const relativePath of paths) assertThrows(() => facts({ relativePath }), UploadError, "file's path");
  assertThrows(() => facts({ filename: "../../a" }), UploadError, "file's path");
});
