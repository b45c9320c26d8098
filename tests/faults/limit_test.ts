import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { connect, head, postHead, type RawConnection } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

for (const [limit, connections] of [[64, 80], [1024, 1100]] as const) {
  Deno.test(`${connections} silent connections under a limit of ${limit} open files: uploads go on, the listener comes back`, async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path, { openFiles: limit });
    await until(() => pawl.output().includes("can be open at a time: raise the limit"), "the log warns of the limit");
    const file = someBytes(4_000_000);
    using upload = await connect(pawl.port);
    await upload.send(postHead("a", { "Content-Length": file.length }));
    await upload.send(file.subarray(0, 1000));
    await untilReceived(dir.path, 1000);
    using small = await connect(pawl.port);
    await small.send(postHead("b", { "Content-Length": 10 }) + "01234");

    using _silent = await connectMany(pawl.port, connections);
    await until(() => pawl.output().includes("Too many files and connections are open"), "the limit is reached");
    await upload.send(file.subarray(1000));
    assertEquals((await upload.answer()).body, "Success 4000000");
    await small.send("56789");
    assertEquals((await small.answer()).body, "Success 10");

    // The silent ones are still there, on this side.
    await until(() => fetch(pawl.url).then((page) => page.text()).then(() => true, () => false), "it listens again");
    assertEquals(await Deno.readFile(`${dir.path}/files/a`), file);
    assertEquals(pawl.output().split("Too many files and connections are open").length, 2);
  });
}

Deno.test("an error that is logged while no descriptor is free ends no process", async () => {
  await using dir = await tempDir();
  {
    await using pawl = await startServer({ data: dir.path });
    using upload = await connect(pawl.port);
    await upload.send(postHead("a", { "Content-Length": 1_000_000 }));
    await upload.send(someBytes(300_000));
    await untilReceived(dir.path, 300_000);
  }
  await using pawl = await startPawl(dir.path, { openFiles: 64 });
  using running = await connect(pawl.port);
  await running.send(postHead("b", { "Content-Length": 200_000 }));
  await running.send(someBytes(100_000));
  await until(() => [...Deno.readDirSync(join(dir.path, "incoming"))].length === 2, "the second upload has begun");
  using asking = await connect(pawl.port);
  using _silent = await connectMany(pawl.port, 80);
  await until(() => pawl.output().includes("Too many files and connections are open"), "the limit is reached");
  // What the first upload has is looked at, which needs a descriptor; the client may be sent away.
  await asking.send(head("GET /status", { "X-File-Id": "a" }));
  await asking.answer().catch(() => {});
  await running.send(someBytes(100_000));
  assertEquals((await running.answer()).body, "Success 200000");
});

Deno.test("Deno ends at the first read of an error's stack without a free descriptor, and not at a later one", async () => {
  await using dir = await tempDir();
  const isAliveAfter = async (code: string): Promise<boolean> => {
    const path = join(dir.path, "stack.ts");
    await Deno.writeTextFile(path, code);
    const args = ["--nofile=64", Deno.execPath(), "run", "-A", "--no-config", path];
    return (await new Deno.Command("prlimit", { args, stderr: "null" }).output()).success;
  };
  // Threads of Deno close files of their own after the start, so who wants all asks until nothing more comes free.
  const hold = `
    const held: Deno.FsFile[] = [];
    for (let tries = 0, last = -1; tries < 5; tries++) {
      try { for (;;) held.push(Deno.openSync("/")); } catch { /* no more for now */ }
      if (held.length > last) tries = 0;
      last = held.length;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  `;
  const read = (name: string) => `if (new Error("${name}").stack === "") throw new Error("empty");\n`;
  assertEquals(await isAliveAfter(hold), true);
  assertEquals(await isAliveAfter(hold + read("late")), false);
  assertEquals(await isAliveAfter(read("early") + hold + read("late")), true);
});

/** Opens so many connections, as far as it can; they close with the scope. */
async function connectMany(port: number, count: number): Promise<Disposable> {
  const open = new DisposableStack();
  for (let made = 0; made < count; made++) {
    const connection: RawConnection | undefined = await connect(port).catch(() => undefined);
    if (connection !== undefined) open.use(connection);
  }
  return open;
}
