import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { connect, postHead } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";

async function ask(url: string, method: string, path: string, id: string, start = 0, body?: Uint8Array<ArrayBuffer>) {
  const headers = { "X-File-Id": id, "X-Start-Byte": String(start), "X-File-Size": "1000000" };
  const response = await fetch(new URL(path, url), { method, headers, body: body ?? null });
  return {
    status: response.status,
    text: await response.text(),
    offset: Number(response.headers.get("upload-offset")),
  };
}

Deno.test("two processes may serve one folder", async (test) => {
  await using dir = await tempDir();
  // This process is one of them.
  await using first = await startServer({ data: dir.path });
  await using second = await startPawl(dir.path);

  await test.step("an upload that one process writes to is locked for another, which still tells how far it is recorded", async () => {
    const file = someBytes(1_000_000);
    assertEquals((await ask(first.url, "POST", "/upload", "a", 0, file.slice(0, 1000))).text, "1000");
    {
      using writer = await connect(first.port);
      await writer.send(postHead("a", { "X-Start-Byte": 1000, "X-File-Size": 1_000_000, "Content-Length": 999_000 }));
      await writer.send(file.subarray(1000, 5000));
      await untilReceived(dir.path, 5000);
      assertEquals((await ask(second.url, "GET", "/status", "a")).text, "1000");
      assertEquals((await ask(second.url, "POST", "/upload", "a", 1000, file.slice(1000))).status, 423);
      assertEquals((await ask(second.url, "POST", "/upload", "a", 0, file)).status, 423);
      assertEquals((await ask(second.url, "DELETE", "/upload", "a")).status, 423);
    }
    assertEquals((await ask(first.url, "GET", "/status", "a")).text, "5000");
    assertEquals((await ask(second.url, "POST", "/upload", "a", 5000, file.slice(5000))).text, "Success 1000000");
    assertEquals((await ask(first.url, "GET", "/status", "a")).text, "1000000");
    assertEquals(await Deno.readFile(join(dir.path, "files", "a")), file);
  });

  await test.step("clients of two processes on one folder that fight for the same uploads end with whole files", async () => {
    const urls = [first.url, second.url];
    const files = Array.from({ length: 4 }, (_, seed) => someBytes(1_000_000, seed + 1));

    /** Sends one file in parts through whichever process comes next, and follows what it is told. */
    async function fight(id: number, turn: number): Promise<void> {
      const file = files[id]!;
      // Not from byte 0: there each of the fighters would start over.
      let offset = 1;
      for (let tries = 0; offset < file.length; tries++) {
        assert(tries < 2000, "It never ends");
        const url = urls[(turn + tries) % 2]!;
        const part = file.slice(offset, offset + 100_000);
        const { status, text, offset: told } = await ask(url, "POST", "/upload", `${id}`, offset, part);
        assert([200, 400, 409, 423].includes(status), `${status} ${text}`);
        if (status === 423) await new Promise((resolve) => setTimeout(resolve, 5));
        else offset = told;
      }
    }
    for (const [id, file] of files.entries()) await ask(first.url, "POST", "/upload", `${id}`, 0, file.slice(0, 1));
    await Promise.all(files.flatMap((_, id) => [fight(id, 0), fight(id, 1)]));
    for (const [id, file] of files.entries()) {
      assertEquals(await Deno.readFile(join(dir.path, "files", `${id}`)), file);
    }
    const names = await Array.fromAsync(Deno.readDir(join(dir.path, "files")), ({ name }) => name);
    assertEquals(names.sort(), [...files.keys(), "a"].map(String));
  });

  assert(!/ERROR/.test(second.output()), second.output());
  assertEquals(first.log.lines.filter((line) => line.startsWith("error")), []);
});
