import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

const file = someBytes(100_000);

function send(url: string, id: string, bytes: BodyInit): Promise<Response> {
  const headers = { "X-File-Id": id, "X-Start-Byte": "0", "X-File-Size": String(file.length) };
  return fetch(`${url}/upload`, { method: "POST", headers, body: bytes });
}

/** How many bytes lie in a folder, besides those that are about to leave it. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) {
    const info = await Deno.lstat(join(folder, name)).catch(() => undefined);
    if (info?.nlink === 1) bytes += info.size;
  }
  return bytes;
}

/** The things that may happen to the data folder while the server runs. */
const MOVES: Record<string, (data: string) => Promise<void>> = {
  "moved away": (data) => Deno.rename(data, `${data}-elsewhere`),
  async "exchanged for another one"(data) {
    await Deno.rename(data, `${data}-elsewhere`);
    await using _other = await startServer({ data });
  },
  // As a backup that is put back: the same content, and another file.
  async "exchanged for a copy of it"(data) {
    await Deno.mkdir(`${data}-copy`);
    await Deno.mkdir(join(`${data}-copy`, "incoming"));
    await Deno.mkdir(join(`${data}-copy`, "files"));
    await Deno.copyFile(join(data, "pawl.db"), join(`${data}-copy`, "pawl.db"));
    await Deno.rename(data, `${data}-elsewhere`);
    await Deno.rename(`${data}-copy`, data);
  },
};

for (const [what, move] of Object.entries(MOVES)) {
  Deno.test(`a data folder that is ${what} ends the server: nothing is acknowledged, not even to a client that is sending`, async () => {
    await using dir = await tempDir();
    const data = join(dir.path, "data");
    await using pawl = await startPawl(data);
    assertEquals(await (await send(pawl.url, "before", file)).text(), `Success ${file.length}`);
    const hanging = send(
      pawl.url,
      "hanging",
      new ReadableStream({
        start: (controller) => controller.enqueue(file.slice(0, 50_000)),
      }),
    );
    await until(async () => (await bytesBelow(join(data, "incoming"))) === 50_000, "the server has its first bytes");
    await move(data);
    const hung = hanging.then((answer) => [answer.status, answer.headers.get("upload-offset")]);
    // A look at the folder is good for a tenth of a second: what is answered meanwhile is in the folder that was moved.
    let answer = await send(pawl.url, "after", file);
    let text = await answer.text();
    for (let attempt = 0; answer.status === 200; attempt++) {
      answer = await send(pawl.url, `after ${attempt}`, file);
      text = await answer.text();
    }
    assertEquals([answer.status, answer.headers.get("upload-offset")], [503, null]);
    assertMatch(text, /data folder was moved/);
    assertEquals(await hung, [503, null]);
    await (await hanging).body?.cancel();
    assertEquals(await pawl.ended(), 1);
    assertMatch(pawl.output(), /error.*data folder .* is not the one that was opened: .*The server ends/i);
    assert(!pawl.output().includes("Uncaught"), pawl.output());
  });
}

Deno.test("a data folder that is moved under a server that nobody asks is noticed all the same", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await using pawl = await startPawl(data);
  await Deno.rename(data, `${data}-elsewhere`);
  assertEquals(await pawl.ended(), 1);
});
