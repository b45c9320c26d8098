import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { filesBelow } from "./run.ts";
import { testOnSmallDisk } from "../support/small_disk.ts";

const file = someBytes(2_000_000);

async function send(url: string, id: string, body: Uint8Array<ArrayBuffer>, size: number): Promise<string> {
  const headers = { "X-File-Id": id, "X-Start-Byte": "0", "X-File-Size": String(size) };
  const response = await fetch(new URL("/upload", url), { method: "POST", headers, body });
  await response.body?.cancel();
  return new URL(response.headers.get("location")!, url).href;
}

async function statusOf(url: string, method: string): Promise<number> {
  const response = await fetch(url, { method });
  await response.body?.cancel();
  return response.status;
}

async function countOf(url: string, id: string): Promise<string> {
  return await (await fetch(new URL("/status", url), { headers: { "X-File-Id": id } })).text();
}

/** Writes until not one byte more fits. */
async function fill(path: string): Promise<void> {
  using ballast = await Deno.open(path, { create: true, append: true });
  const zeros = new Uint8Array(1 << 20);
  for (let size = zeros.length; size >= 1;) {
    try {
      await ballast.write(zeros.subarray(0, size));
    } catch {
      size >>= 1;
    }
  }
}

await testOnSmallDisk(
  "on a disk that others have filled to the last byte DELETE removes what there is, whatever it frees",
  32,
  async (disk) => {
    const data = join(disk.path, "data");
    const ballast = join(disk.path, "ballast");
    await using pawl = await startPawl(data, {
      script: "tests/support/steered_server.ts",
      args: ["--min-free", "1MiB"],
    });
    const unfinished = await send(pawl.url, "unfinished", file, 9_000_000);
    const finished = await send(pawl.url, "finished", file, file.length);
    // The space that these free is too little for a record.
    const tiny = [await send(pawl.url, "t1", file.slice(0, 10), 10), await send(pawl.url, "t2", file.slice(0, 10), 99)];
    for (const location of [...tiny, unfinished, finished]) {
      await fill(ballast);
      assertEquals(await statusOf(location, "DELETE"), 204);
      // The space is taken by others at once: what was answered stays true.
      await fill(ballast);
      for (const method of ["GET", "HEAD"]) assert([404, 410].includes(await statusOf(location, method)));
      assertEquals(await statusOf(location, "DELETE"), 410);
    }
    for (const id of ["unfinished", "finished", "t1", "t2"]) assertEquals([id, await countOf(pawl.url, id)], [id, "0"]);
    assertEquals(await filesBelow(join(data, "files")), []);
    assertEquals(await filesBelow(join(data, "incoming")), []);
    await Deno.remove(ballast);
    // The sweep records the removals that had no space before.
    await pawl.tell("advance 0");
    await pawl.stop("SIGKILL");
    await using next = await startServer({ data });
    for (const location of [...tiny, unfinished, finished]) {
      assert([404, 410].includes(await statusOf(new URL(new URL(location).pathname, next.url).href, "GET")));
    }
    for (const id of ["unfinished", "finished", "t1", "t2"]) assertEquals([id, await countOf(next.url, id)], [id, "0"]);
  },
);

await testOnSmallDisk("on a disk that others have filled to the last byte uploads expire", 32, async (disk) => {
  const data = join(disk.path, "data");
  const ballast = join(disk.path, "ballast");
  let now = Date.now();
  await using pawl = await startServer({ data, minFreeBytes: 2 ** 20, expireAfterMs: 3_600_000, now: () => now });
  const locations: string[] = [];
  for (const id of ["a", "b", "c"]) locations.push(await send(pawl.url, id, file, 9_000_000));
  await fill(ballast);
  now += 3_600_001;
  await pawl.sweep();
  assertEquals(await filesBelow(join(data, "incoming")), []);
  for (const location of locations) assertEquals(await statusOf(location, "GET"), 410);
  assertEquals(await pawl.stop(), true);
});

await testOnSmallDisk("a server that cannot start on a full disk says so", 8, async (disk) => {
  const data = join(disk.path, "data");
  {
    await using _server = await startServer({ data });
  }
  // They need not be gone already.
  for (const end of ["-wal", "-shm"]) await Deno.remove(`${join(data, "pawl.db")}${end}`).catch(() => {});
  await fill(join(disk.path, "ballast"));
  let message = "";
  try {
    await using _pawl = await startPawl(data);
  } catch (error) {
    message = String(error);
  }
  assertMatch(message, /Pawl cannot start: the disk is full/);
});
