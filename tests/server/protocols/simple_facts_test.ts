import { assertEquals } from "@std/assert";
import { sha256, someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { base64 } from "../../support/tus_wire.ts";
import { oneMachineTest, testStore } from "../../support/test_store.ts";

const file = someBytes(1000);

Deno.test("Content-Digest: a body that does not have it is taken back, one that has it stays", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  const rest = file.slice(300);
  const digest = (bytes: Uint8Array) => ({ "Content-Digest": `sha-256=:${sha256(bytes)}:`, "X-File-Size": "1000" });
  const wrong = await client.send("a", 300, rest, digest(file));
  assertEquals([wrong.status, wrong.headers.get("upload-offset")], [400, "300"]);
  assertEquals((await client.status("a")).text, "300");
  assertEquals((await client.send("a", 300, rest, digest(rest))).text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});

Deno.test("Repr-Digest: a file that does not match it is not placed", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const headers = { "X-File-Size": "1000", "Repr-Digest": `sha-256=:${sha256(file)}:` };
  const broken = file.slice();
  broken[999]! ^= 1;
  assertEquals((await client.send("a", 0, broken, headers)).status, 400);
  assertEquals(await pawl.finishedNames(), []);
  assertEquals((await client.status("a")).text, "0");
  // In two requests the digest covers what came before the second as well.
  await client.send("a", 0, file.slice(0, 300), headers);
  assertEquals((await client.send("a", 300, broken.slice(300), headers)).status, 400);
  assertEquals((await client.status("a")).text, "300");
  assertEquals((await client.send("a", 300, file.slice(300), { "X-File-Size": "1000" })).text, "Success 1000");
});

oneMachineTest("X-File-Path puts the file into its folders, whatever else has their names", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("0", 0, file, { "X-File-Name": "photos" });
  const send = (id: string, path: string) => client.send(id, 0, file, { "X-File-Path": path });
  assertEquals((await send("1", "photos/2024/a%20b.jpg")).text, "Success 1000");
  assertEquals((await send("2", "photos/2024/a%20b.jpg")).text, "Success 1000");
  assertEquals(await pawl.finished("photos (2)/2024/a b.jpg"), file);
  assertEquals(await pawl.finished("photos (2)/2024/a b (2).jpg"), file);
});

Deno.test("folders parted by \\ are folders, and names that differ only in their form of Unicode are one name", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const send = (id: string, path: string) => client.send(id, 0, file, { "X-File-Path": path });
  assertEquals((await send("1", "photos%5C2024%5Ca.jpg")).text, "Success 1000");
  assertEquals(await pawl.finished("photos/2024/a.jpg"), file);
  for (const [id, name] of [["2", "\u00fc.txt"], ["3", "u\u0308.txt"]] as const) {
    assertEquals((await send(id, `photos/${encodeURIComponent(name)}`)).text, "Success 1000");
  }
  assertEquals(await pawl.finished("photos/\u00fc.txt"), file);
  assertEquals(await pawl.finished("photos/\u00fc (2).txt"), file);
});

Deno.test("X-File-Modified: before 1970 and with a fraction it is the file's time", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const times = [["-86400000", -86400000], ["-0", 0], ["1700000000000.75", 1700000000000], ["-1500.5", -1500]] as const;
  for (const [text, time] of times) {
    assertEquals(
      (await client.send(text, 0, file, { "X-File-Modified": text, "X-File-Name": text })).text,
      "Success 1000",
    );
    assertEquals([text, await testStore().modifiedAt(pawl.data, text)], [text, time]);
  }
  assertEquals(pawl.log.lines.filter((line) => line.startsWith("warning")), []);
});

Deno.test("a time or a type that is none costs a warning in the log, not the upload", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const nonsense = ["yesterday", "NaN", "1e12", "0x1", "1, 2", "--1", "1.2.3", "9".repeat(16), "Infinity", "null"];
  for (const text of nonsense) {
    const first = { "X-File-Size": "1000", "X-File-Modified": text, "X-File-Type": "text", "X-File-Name": "a" };
    assertEquals((await client.send(text, 0, file.slice(0, 300), first)).text, "300");
    // The request that goes on says it again: one warning is enough.
    assertEquals((await client.send(text, 300, file.slice(300), first)).text, "Success 1000");
  }
  const warnings = pawl.log.lines.filter((line) => line.startsWith("warning"));
  const expected = nonsense.flatMap((text) => [
    "warning: Ignored X-File-Type: text",
    `warning: Ignored X-File-Modified: ${text}`,
  ]);
  assertEquals(warnings, expected);
});

Deno.test("names in any script, with spaces, quotes and signs, are the names on disk", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const names = ["отчёт.pdf", "报告.pdf", "보고서.pdf", "👩‍🚀 🎉.png", `a "b" 'c' #1 100% & <d>.txt`, " x?.y:z*.tar.gz"];
  for (const name of names) {
    const answer = await client.send(name.length.toString(), 0, file, { "X-File-Name": encodeURIComponent(name) });
    assertEquals(answer.text, "Success 1000");
    assertEquals(await pawl.finished(name.trim()), file);
  }
});

Deno.test("X-File-Metadata: tus gives it back from the first byte on and of the finished file, and the first stays", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const headers = (note: string) => ({ "X-File-Size": "1000", "X-File-Metadata": `note=${encodeURIComponent(note)}` });
  /** The `Upload-Metadata` of an upload, as a client of tus gets it. */
  const told = async (path: string | null) => {
    const request = new Request(`http://localhost${path}`, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
    return (await pawl.app(request)).headers.get("upload-metadata");
  };
  const first = `note ${base64("für Anna, 报")}`;
  const begun = await client.send("a", 0, file.slice(0, 300), headers("für Anna, 报"));
  const location = begun.headers.get("location");
  assertEquals(await told(location), first);
  assertEquals((await client.send("a", 300, file.slice(300, 600), headers("for Ben"))).text, "600");
  assertEquals(await told(location), first);
  assertEquals((await client.send("a", 600, file.slice(600), { "X-File-Size": "1000" })).text, "Success 1000");
  assertEquals(await told(location), first);
  // A file that comes in one request, and one that tells nothing.
  assertEquals(
    await told((await client.send("b", 0, file, headers("b"))).headers.get("location")),
    `note ${base64("b")}`,
  );
  assertEquals(await told((await client.send("c", 0, file)).headers.get("location")), null);
});

Deno.test("X-File-Metadata: a malformed one is refused in one line, and nothing of the upload changes", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const bad = { "X-File-Size": "1000", "X-File-Metadata": "note=%0A" };
  const line = 'X-File-Metadata must have no control character in the value of "note"';
  const refused = await client.send("a", 0, file, bad);
  assertEquals([refused.status, refused.text, refused.headers.get("x-error")], [400, line, "bad-request"]);
  assertEquals((await client.status("a")).headers.get("location"), null);
  await client.send("a", 0, file.slice(0, 300), { "X-File-Size": "1000" });
  for (const start of [300, 0]) assertEquals((await client.send("a", start, file.slice(start), bad)).text, line);
  assertEquals((await client.status("a")).text, "300");
  assertEquals((await client.send("a", 300, file.slice(300), { "X-File-Size": "1000" })).text, "Success 1000");
  assertEquals(await pawl.finished("a"), file);
});
