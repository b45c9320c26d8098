import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { statfs } from "node:fs/promises";
import { someBytes } from "../support/bytes.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { testOnSmallDisk } from "../support/small_disk.ts";

const MIB = 2 ** 20;
const file = someBytes(12_000_000);

/** Starts a server in this process; its address has no slash at the end. */
async function startHere(data: string, minFreeBytes: number): Promise<{ url: string } & AsyncDisposable> {
  const server = await startServer({ data, minFreeBytes });
  return { url: server.url.replace(/\/$/, ""), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function ask(url: string, id: string) {
  const response = await fetch(`${url}/status`, { headers: { "X-File-Id": id } });
  return { status: response.status, count: Number(await response.text()) };
}

async function send(url: string, id: string, start: number, body: Uint8Array<ArrayBuffer>, size = file.length) {
  const headers = { "X-File-Id": id, "X-Start-Byte": String(start), "X-File-Size": String(size) };
  const response = await fetch(`${url}/upload`, { method: "POST", headers, body });
  const offset = Number(response.headers.get("upload-offset"));
  return { status: response.status, text: await response.text(), offset };
}

/** The bytes that the database takes on disk. */
async function recordBytes(data: string): Promise<number> {
  const names = (await Array.fromAsync(Deno.readDir(data), ({ name }) => name)).filter((name) =>
    name.startsWith("pawl.db")
  );
  const infos = await Promise.all(names.map((name) => Deno.stat(join(data, name))));
  return infos.reduce((sum, { blocks }) => sum + 512 * (blocks ?? 0), 0);
}

/** Removes an upload, finished or not. */
async function terminate(url: string, id: string): Promise<number> {
  const status = await fetch(`${url}/status`, { headers: { "X-File-Id": id } });
  await status.body?.cancel();
  const response = await fetch(new URL(status.headers.get("location")!, url), { method: "DELETE" });
  await response.body?.cancel();
  return response.status;
}

await testOnSmallDisk(
  "a disk that fills up is answered 507, what came is kept, and the upload goes on when there is space",
  16,
  async (disk) => {
    const ballast = join(disk.path, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(8_000_000));
    const data = join(disk.path, "data");
    let safe = 0;
    {
      await using pawl = await startPawl(data, { args: ["--min-free", "none"] });
      const full = await send(pawl.url, "film", 0, file);
      assertEquals(full.status, 507);
      assertMatch(full.text, /disk is full.*go on from there when there is space/);
      assert(full.offset > 4_000_000 && full.offset < 9_000_000, `${full.offset} bytes are kept`);
      assertEquals(await ask(pawl.url, "film"), { status: 200, count: full.offset });
      // The disk stays full: whatever is tried, the offset does not move back, and others get the same clear answer.
      for (let tries = 0; tries < 2; tries++) {
        safe = (await ask(pawl.url, "film")).count;
        assert(safe >= full.offset);
        assertEquals((await send(pawl.url, "film", safe, file.slice(safe))).status, 507);
        const other = await send(pawl.url, `other-${tries}`, 0, file);
        assertEquals(other.status, 507);
      }
      await pawl.stop("SIGKILL");
    }
    await using pawl = await startHere(data, 0);
    const { count } = await ask(pawl.url, "film");
    assert(count >= safe, `${count} bytes are left of ${safe} after kill -9 on a full disk`);
    await Deno.remove(ballast);
    for (let tries = 0; tries < 2; tries++) {
      await fetch(`${pawl.url}/upload`, { method: "DELETE", headers: { "X-File-Id": `other-${tries}` } });
    }
    const done = await send(pawl.url, "film", count, file.slice(count));
    assertEquals(done.text, `Success ${file.length}`);
    assertEquals(await Deno.readFile(join(data, "files", "film")), file);
  },
);

await testOnSmallDisk("--min-free refuses new uploads that would not leave it free", 32, async (disk) => {
  await using pawl = await startHere(join(disk.path, "data"), 8 * MIB);
  const large = await send(pawl.url, "large", 0, file, 40_000_000);
  assertEquals(large.status, 507);
  assertMatch(large.text, /too full for a new upload/);
  const ballast = join(disk.path, "ballast");
  await Deno.writeFile(ballast, new Uint8Array(14_000_000));
  assertEquals((await send(pawl.url, "new", 0, file)).status, 507);
  await Deno.remove(ballast);
  assertEquals((await send(pawl.url, "new", 0, file)).text, `Success ${file.length}`);
});

await testOnSmallDisk(
  "uploads that are under way stop where --min-free begins, however many there are, and go on when others go",
  48,
  async (disk) => {
    const data = join(disk.path, "data");
    await using pawl = await startHere(data, 8 * MIB);
    // Each of them fits, but not all.
    const ids = ["a", "b", "c", "d", "e", "f"];
    const recordsBefore = await recordBytes(data);
    const sent = await Promise.all(ids.map((id) => send(pawl.url, id, 0, file)));
    const stopped = sent.filter(({ status }) => status === 507);
    assert(stopped.length > 0);
    const { bavail, bsize } = await statfs(disk.path);
    // The floor is for uploads: their records may go on growing.
    const free = bavail * bsize + await recordBytes(data) - recordsBefore;
    // One piece at most was too much of each that was stopped.
    assert(free >= 8 * MIB && free < 16 * MIB, `${free} bytes are free`);
    for (const [index, id] of ids.entries()) {
      assertEquals(await ask(pawl.url, id), { status: 200, count: sent[index]!.offset });
    }
    const { offset } = stopped[0]!;
    const stays = ids[sent.indexOf(stopped[0]!)]!;
    for (const [index, id] of ids.entries()) {
      if (id === stays) continue;
      const status = await terminate(pawl.url, id);
      // One that came when the others had taken all the space was never begun.
      assert(status === 204 || status === 404 && sent[index]!.offset === 0, `${status} for ${id}`);
    }
    assertEquals(await ask(pawl.url, stays), { status: 200, count: offset });
    assertEquals((await send(pawl.url, stays, offset, file.slice(offset))).text, `Success ${file.length}`);
    assertEquals(await Deno.readFile(join(data, "files", stays)), file);
  },
);
