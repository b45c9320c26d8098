import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sha256, someBytes } from "../../support/bytes.ts";
import { repair } from "../../../server/uploads/repair.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp } from "../../support/pawl.ts";
import { brokenBody, simpleClient } from "../../support/simple_client.ts";
import { oneMachineTest, testStore } from "../../support/test_store.ts";

const file = someBytes(1000);
const { signal } = new AbortController();

Deno.test("repair() finishes an upload whose last byte came before the crash", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  await client.send("a", 0, brokenBody(file.slice(0, 900)), { "X-File-Size": "1000" });
  const [id = ""] = await pawl.incomingNames();
  await testStore().addBytes(pawl.data, id, file.slice(900));
  await pawl.repair(signal);
  assertEquals(await pawl.finished("a"), file);
  assertEquals(await pawl.incomingNames(), []);
  assertEquals((await client.status("a")).headers.get("upload-complete"), "?1");
});

oneMachineTest(
  "repair() gives a finished file its name again where a crash has taken it, and no other in its place",
  async () => {
    await using pawl = await openTestApp();
    const client = simpleClient(pawl.app);
    const ids: string[] = [];
    for (const name of ["a", "b"]) {
      const location = (await client.send(name, 0, file)).headers.get("location")!;
      const id = location.slice("/files/".length);
      ids.push(id);
      // Its removal waits until the name is on disk.
      assertEquals((await client.send(name, 1000, null)).text, "Success 1000");
      await Deno.rename(join(pawl.data, "files", name), join(pawl.data, "incoming", id));
    }
    await Deno.writeTextFile(join(pawl.data, "files", "b"), "somebody else's");
    await pawl.repair(signal);
    assertEquals(await pawl.finishedNames(), ["a", "b", "b (2)"]);
    assertEquals([await pawl.finished("a"), await pawl.finished("b (2)")], [file, file]);
    assertEquals(await pawl.incomingNames(), []);
    const got = await pawl.app(new Request(`http://localhost/files/${ids[1]}`));
    assertEquals([got.headers.get("content-length"), new Uint8Array(await got.arrayBuffer())], ["1000", file]);
  },
);

Deno.test("repair() finishes an upload whose digest is right, and leaves one whose digest is wrong", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (const [name, digest] of [["right", sha256(file)], ["wrong", sha256(file.subarray(1))]]) {
    const headers = { "X-File-Size": "1000", "Repr-Digest": `sha-256=:${digest}:` };
    await client.send(`${name}`, 0, brokenBody(file), headers);
  }
  await pawl.repair(signal);
  assertEquals(await pawl.finishedNames(), ["right"]);
  assertEquals((await pawl.incomingNames()).length, 1);
  assertEquals(pawl.log.lines.filter((line) => /^(warning|error)/.test(line)), []);
});

oneMachineTest(
  "repair() removes files that belong to no unfinished upload, and leaves young strangers and the others",
  async () => {
    await using pawl = await openTestApp();
    const client = simpleClient(pawl.app);
    await client.send("a", 0, file.slice(0, 100), { "X-File-Size": "1000" });
    const kept = await pawl.incomingNames();
    const finished = (await client.send("b", 0, file)).headers.get("location")!.slice("/files/".length);
    const write = (name: string) => Deno.writeFile(join(pawl.data, "incoming", name), file);
    await Promise.all([write("AAAAAAAAAAAAAAAAAAAAAA"), write(finished), write(".probe-old"), write(".probe-new")]);
    await Deno.utime(join(pawl.data, "incoming", ".probe-old"), 0, 0);
    await pawl.repair(signal);
    assertEquals(await pawl.incomingNames(), [".probe-new", ...kept].sort());
    assertEquals((await client.send("a", 100, file.slice(100))).text, "Success 1000");
    assertEquals(await pawl.finished("b"), file);
  },
);

Deno.test("repair() removes what a crash has left of a finished upload whose entry is gone, and no other's bytes", async () => {
  const removed: string[] = [];
  const lengths = new Map([["unplaced", 5]]);
  await repair({
    engine: { finishUnlessHeld: () => Promise.resolve(true) } as never,
    bytes: {
      unfinished: async function* () {
        yield* ["left", "unplaced"];
      },
      length: (id: string) => Promise.resolve(lengths.get(id)),
      removeEntry: (id: string) => Promise.resolve(void removed.push(id)),
    } as never,
    records: { get: () => Promise.resolve({ state: "complete" }) } as never,
    log: memoryLog(),
  }, signal);
  assertEquals(removed, ["left"]);
});
