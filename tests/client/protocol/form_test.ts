import { assertEquals } from "@std/assert";
import { FateReader, formOf, formOfSome, type PartFate } from "../../../client/protocol/form.ts";

Deno.test("formOf() says for each file where it ends in the body", async () => {
  const parts = ["one", "", "three"].map((text) => ({
    headers: { "X-File-Id": text },
    bytes: new TextEncoder().encode(text).buffer,
  }));
  const { contentType, body, ends } = formOf(parts, () => 0.5);
  const boundary = contentType.replace("multipart/form-data; boundary=", "");
  const text = await body.text();
  assertEquals(/^[0-9a-z]{44,70}$/.test(boundary), true, boundary);
  assertEquals(ends.map((end) => text.slice(0, end).split("\r\n\r\n").at(-1)), ["one", "", "three"]);
  assertEquals(text.endsWith(`three\r\n--${boundary}--\r\n`), true);
  assertEquals(text.split(`--${boundary}`).length, 5);
});

Deno.test("formOfSome() gives the form that the kept parts alone would make", async () => {
  const parts = ["one", "", "three", "four"].map((text) => ({
    headers: { "X-File-Id": text },
    bytes: new TextEncoder().encode(text).buffer,
  }));
  const form = formOf(parts, () => 0.5);
  for (const kept of [[0, 1, 2, 3], [0], [1, 2], [3], [0, 3], []]) {
    const some = formOfSome(form, (part) => kept.includes(part));
    const alone = formOf(kept.map((part) => parts[part]!), () => 0.5);
    assertEquals([await some.body.text(), some.ends], [await alone.body.text(), alone.ends], `${kept}`);
    assertEquals(some.contentType, form.contentType);
  }
});

Deno.test("FateReader reads whole lines as they come, and passes over what is none of a file", () => {
  const fates: PartFate[] = [];
  const reader = new FateReader((fate) => fates.push(fate));
  const text = [
    '{"part":1,"status":200,"complete":true,"again":true,"location":"/files/a"}',
    '{"part":0,"status":507,"error":"disk-full"}',
    "<html>",
    '{"part":2,"status":200,"complete":false,"offset":3}',
    '{"status":200,"parts":3}',
    "",
  ].join("\n");
  for (const end of [10, 60, 62, 100, text.length - 1]) reader.read(text.slice(0, end));
  assertEquals(reader.isWhole, false);
  reader.read(text);
  assertEquals(reader.isWhole, true);
  assertEquals(fates, [
    { part: 1, isComplete: true, location: "/files/a", isAgain: true },
    { part: 0, isComplete: false, location: undefined, isAgain: false },
    { part: 2, isComplete: false, location: undefined, isAgain: false },
  ]);
});

Deno.test("FateReader takes no answer for a whole one that something else gave, or a server that stops", () => {
  for (
    const text of ["<html>Sign in to this network", "200", "null", "{}", '{"status":503,"error":"shutdown","parts":1}']
  ) {
    const reader = new FateReader(() => {});
    reader.read(`${text}\n`);
    assertEquals(reader.isWhole, false, text);
  }
});
