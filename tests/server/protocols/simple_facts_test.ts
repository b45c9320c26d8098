import { assertEquals } from "@std/assert";
import { sha256, someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

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

Deno.test("Repr-Digest: a file that does not have it does not appear", async () => {
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

Deno.test("X-File-Path puts the file into its folders, whatever else has their names", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("0", 0, file, { "X-File-Name": "photos" });
  const send = (id: string, path: string) => client.send(id, 0, file, { "X-File-Path": path });
  assertEquals((await send("1", "photos/2024/a%20b.jpg")).text, "Success 1000");
  assertEquals((await send("2", "photos/2024/a%20b.jpg")).text, "Success 1000");
  assertEquals(await pawl.finished("photos (2)/2024/a b.jpg"), file);
  assertEquals(await pawl.finished("photos (2)/2024/a b (2).jpg"), file);
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
