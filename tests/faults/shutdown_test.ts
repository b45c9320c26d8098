import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startPawl } from "../support/process.ts";
import { connect, postHead } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";

const file = someBytes(1_000_000);

Deno.test("SIGTERM with silent clients: each is answered, every byte is counted, and the process ends with code 0", async () => {
  await using dir = await tempDir();
  await using first = await startPawl(dir.path);
  using clients = new DisposableStack();
  const answers: Promise<{ status: number; headers: Headers }>[] = [];
  for (let number = 0; number < 20; number++) {
    const client = clients.use(await connect(first.port));
    await client.send(postHead(`a${number}`, { "Content-Length": file.length }));
    await client.send(file.subarray(0, 1000 * number));
    answers.push(client.answer());
  }
  // One that has not even sent its head.
  await clients.use(await connect(first.port)).send("POST /upload HTTP/1.1\r\n");
  await untilReceived(dir.path, 190_000, 20);
  assertEquals(await first.stop("SIGTERM"), 0);
  for (const [number, answer] of (await Promise.all(answers)).entries()) {
    assertEquals([answer.status, answer.headers.get("upload-offset")], [503, String(1000 * number)]);
    assertEquals(answer.headers.get("retry-after"), "2");
  }
  await using second = await startPawl(dir.path);
  for (let number = 0; number < 20; number++) {
    const headers = { "X-File-Id": `a${number}`, "X-Start-Byte": String(1000 * number) };
    assertEquals(await (await fetch(`${second.url}/status`, { headers })).text(), String(1000 * number));
    const body = file.slice(1000 * number);
    assertEquals(
      await (await fetch(`${second.url}/upload`, { method: "POST", headers, body })).text(),
      "Success 1000000",
    );
    assertEquals(await Deno.readFile(join(dir.path, "files", `a${number}`)), file);
  }
});

Deno.test("a second signal ends the process at once", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  using client = await connect(pawl.port);
  await client.send(postHead("a", { "Content-Length": file.length }));
  await client.send(file.subarray(0, 1000));
  await untilReceived(dir.path, 1000);
  pawl.signal("SIGTERM");
  // The first one has been heard when the answer is there.
  assertEquals((await client.answer()).status, 503);
  // One that had waited for the connection would have ended with 0.
  assertEquals(await pawl.stop("SIGTERM"), 1);
});
