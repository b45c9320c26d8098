import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A small disk of the test's own; `undefined` where this process may not mount one. */
async function mountSmallDisk(megabytes: number): Promise<{ path: string } & AsyncDisposable | undefined> {
  const dir = await tempDir();
  const mounted = await run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", dir.path);
  if (!mounted) {
    await dir[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: dir.path,
    async [Symbol.asyncDispose]() {
      await run("umount", dir.path);
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const probe = await mountSmallDisk(1);
const ignore = probe === undefined;
await probe?.[Symbol.asyncDispose]();
const reason = ignore ? " (ignored: this process may not mount a disk)" : "";

const file = someBytes(12_000_000);

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

Deno.test({
  name: `a disk that fills up is answered 507, what came is kept, and the upload goes on when there is space${reason}`,
  ignore,
  async fn() {
    await using disk = await mountSmallDisk(16);
    assert(disk !== undefined);
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
      // The disk stays full: whatever is tried, the count does not move back, and others get the same clear answer.
      for (let tries = 0; tries < 5; tries++) {
        safe = (await ask(pawl.url, "film")).count;
        assert(safe >= full.offset);
        assertEquals((await send(pawl.url, "film", safe, file.slice(safe))).status, 507);
        const other = await send(pawl.url, `other-${tries}`, 0, file);
        assertEquals(other.status, 507);
      }
      await pawl.stop("SIGKILL");
    }
    await using pawl = await startPawl(data, { args: ["--min-free", "none"] });
    const { count } = await ask(pawl.url, "film");
    assert(count >= safe, `${count} bytes are left of ${safe} after kill -9 on a full disk`);
    await Deno.remove(ballast);
    for (let tries = 0; tries < 5; tries++) {
      await fetch(`${pawl.url}/upload`, { method: "DELETE", headers: { "X-File-Id": `other-${tries}` } });
    }
    const done = await send(pawl.url, "film", count, file.slice(count));
    assertEquals(done.text, `Success ${file.length}`);
    assertEquals(await Deno.readFile(join(data, "files", "film")), file);
  },
});

Deno.test({
  name: `--min-free refuses new uploads before the disk is full, and lets those that have begun go on${reason}`,
  ignore,
  async fn() {
    await using disk = await mountSmallDisk(32);
    assert(disk !== undefined);
    await using pawl = await startPawl(join(disk.path, "data"), { args: ["--min-free", "8MiB"] });
    assertEquals((await send(pawl.url, "begun", 0, file.slice(0, 1000))).text, "1000");
    const large = await send(pawl.url, "large", 0, file, 40_000_000);
    assertEquals(large.status, 507);
    assertMatch(large.text, /too full for a new upload/);
    await Deno.writeFile(join(disk.path, "ballast"), new Uint8Array(14_000_000));
    assertEquals((await send(pawl.url, "new", 0, file)).status, 507);
    assertEquals((await send(pawl.url, "begun", 1000, file.slice(1000))).text, `Success ${file.length}`);
  },
});
