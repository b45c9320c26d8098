import { assertEquals, assertThrows } from "@std/assert";
import { parseWantedLink } from "../../../server/access/link_wishes.ts";
import { UploadError } from "../../../server/errors.ts";
import { checkForm, schemaOf } from "../../support/json_schema.ts";

const UPLOAD = { kind: "upload", note: "n", expiresIn: 60, folder: "a/b", maxSize: 1, maxFiles: 2, quota: 3 };
const FILE = { kind: "download", note: "n", expiresIn: 60, file: "id", maxDownloads: 4, password: "p" };

Deno.test("every property of the documented form is read, and no other is taken", () => {
  const schema = schemaOf("POST /api/links");
  for (const wish of [UPLOAD, FILE]) checkForm(wish, schema);
  const names = new Set([...Object.keys(UPLOAD), ...Object.keys(FILE)]);
  assertEquals([...names].sort(), Object.keys(schema.properties ?? {}).sort());
  const facts = { note: "n", expiresInMs: 60_000 };
  assertEquals(parseWantedLink(UPLOAD), {
    ...facts,
    kind: "upload",
    folders: ["a", "b"],
    maxBytes: 1,
    maxFiles: 2,
    totalBytes: 3,
  });
  assertEquals(parseWantedLink(FILE), {
    ...facts,
    kind: "download",
    target: { file: "id" },
    maxDownloads: 4,
    password: "p",
  });
  assertEquals(parseWantedLink({ kind: "upload" }), { kind: "upload", folders: [], expiresInMs: 604_800_000 });
});

Deno.test("anything else is refused by a line that names the property", () => {
  const table: [wish: unknown, name: string][] = [
    [null, "object"],
    ["upload", "object"],
    [[], "object"],
    [{}, '"kind"'],
    [{ ...UPLOAD, kind: 1 }, '"kind"'],
    [{ ...UPLOAD, maxFiles: 1.5 }, '"maxFiles"'],
    [{ ...UPLOAD, maxSize: null }, '"maxSize"'],
    [{ ...UPLOAD, quota: 1e300 }, '"quota"'],
    [{ ...UPLOAD, expiresIn: 0 }, '"expiresIn"'],
    [{ ...UPLOAD, expiresIn: "7d" }, '"expiresIn"'],
    [{ ...UPLOAD, expiresIn: 1e10 }, '"expiresIn"'],
    [{ ...UPLOAD, note: "\ud800" }, '"note"'],
    [{ ...UPLOAD, folder: 7 }, '"folder"'],
    [{ ...UPLOAD, file: "id" }, '"file"'],
    [{ ...UPLOAD, password: "p" }, '"password"'],
    [JSON.parse('{"kind":"upload","__proto__":1}'), '"__proto__"'],
    [{ ...FILE, maxFiles: 2 }, '"maxFiles"'],
    [{ ...FILE, folder: "a" }, '"file"'],
    [{ kind: "download", folder: "" }, '"file"'],
  ];
  for (const [wish, name] of table) {
    const { code, message } = assertThrows(() => parseWantedLink(wish), UploadError);
    assertEquals([wish, code, message.includes(name)], [wish, "bad-request", true]);
  }
});
