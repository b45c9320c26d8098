import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createSameName } from "../../../server/model/same_name.ts";
import { completed, newUpload } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { oneMachineTest } from "../../support/test_store.ts";
import { needsAll } from "../../support/needs_all.ts";

const file = someBytes(10);

/** A server, and a folder beside its own with a file in it that is none of its business. */
async function setUp() {
  const dir = await tempDir();
  const outside = join(dir.path, "outside");
  await Deno.mkdir(outside);
  await Deno.writeFile(join(outside, "a.txt"), file);
  const pawl = await openTestApp({ data: join(dir.path, "data") });
  const client = simpleClient(pawl.app);
  return {
    pawl,
    client,
    outside,
    finished: join(pawl.data, "files"),
    /** Sends the file under a path, and gives its address when its name is on disk. */
    async send(path: string): Promise<string> {
      const sent = await client.send(path, 0, file, { "X-File-Path": path });
      assertEquals((await client.send(path, file.length, null)).text, "Success 10");
      return sent.headers.get("location")!;
    },
    async assertUntouched() {
      assertEquals((await Array.fromAsync(Deno.readDir(outside))).map(({ name }) => name), ["a.txt"]);
      assertEquals(await Deno.readFile(join(outside, "a.txt")), file);
    },
    async [Symbol.asyncDispose]() {
      await pawl[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function ask({ app }: TestApp, method: string, location: string) {
  const response = await app(new Request(`http://localhost${location}`, { method }));
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
}

oneMachineTest("nothing is written through a link that lies among the finished files", needsAll, async () => {
  await using test = await setUp();
  await Deno.symlink(test.outside, join(test.finished, "photos"));
  await Deno.symlink(join(test.outside, "a.txt"), join(test.finished, "a.txt"));
  await Deno.symlink(join(test.outside, "new.txt"), join(test.finished, "new.txt"));
  for (const path of ["photos/b.txt", "photos/deep/b.txt", "a.txt", "new.txt"]) await test.send(path);
  await test.assertUntouched();
  assertEquals(await test.pawl.finishedNames(), [
    "a (2).txt",
    "a.txt",
    "new (2).txt",
    "new.txt",
    "photos",
    "photos (2)",
  ]);
  assertEquals(await test.pawl.finished("photos (2)/deep/b.txt"), file);
});

oneMachineTest(
  "nothing is served or removed through a link that has taken the place of a folder, or of a file",
  needsAll,
  async () => {
    await using test = await setUp();
    const [inFolder, itself] = [await test.send("photos/a.txt"), await test.send("a.txt")];
    await Deno.rename(join(test.finished, "photos"), join(test.pawl.data, "elsewhere"));
    await Deno.symlink(test.outside, join(test.finished, "photos"));
    await Deno.remove(join(test.finished, "a.txt"));
    await Deno.symlink(join(test.outside, "a.txt"), join(test.finished, "a.txt"));
    for (const location of [inFolder, itself]) {
      for (const method of ["GET", "HEAD"]) assertEquals((await ask(test.pawl, method, location)).status, 404);
      assertEquals((await ask(test.pawl, "DELETE", location)).status, 204);
    }
    await test.assertUntouched();
    assertEquals(await test.pawl.finishedNames(), ["a.txt", "photos"]);
  },
);

oneMachineTest("the folder of finished files may itself be a link: that is its owner's choice", needsAll, async () => {
  await using dir = await tempDir();
  for (const folder of ["elsewhere", "data"]) await Deno.mkdir(join(dir.path, folder));
  await Deno.symlink(join(dir.path, "elsewhere"), join(dir.path, "data/files"));
  await using pawl = await openTestApp({ data: join(dir.path, "data") });
  const client = simpleClient(pawl.app);
  for (const id of ["1", "2"]) {
    const sent = await client.send(id, 0, file, { "X-File-Path": "b/a.txt" });
    assertEquals([sent.text, (await ask(pawl, "GET", sent.headers.get("location")!)).bytes], ["Success 10", file]);
  }
  for (const name of ["a.txt", "a (2).txt"]) {
    assertEquals(await Deno.readFile(join(dir.path, "elsewhere/b", name)), file);
  }
});

oneMachineTest("a pipe or a device in the place of a finished file is not opened", needsAll, async () => {
  await using test = await setUp();
  const location = await test.send("a.txt");
  await Deno.remove(join(test.finished, "a.txt"));
  const { success } = await new Deno.Command("mkfifo", { args: [join(test.finished, "a.txt")] }).output();
  assert(success);
  assertEquals((await ask(test.pawl, "GET", location)).status, 404);
});

oneMachineTest(
  "nothing is written through a link that has taken the place of an unfinished file",
  needsAll,
  async () => {
    await using test = await setUp();
    await test.client.send("a", 0, file.slice(0, 5), { "X-File-Size": "10" });
    const [id = ""] = await test.pawl.incomingNames();
    const own = join(test.pawl.data, "incoming", id);
    await Deno.remove(own);
    await Deno.symlink(join(test.outside, "a.txt"), own);
    const { status } = await test.client.send("a", 5, file.slice(5), { "X-File-Size": "10" });
    // Its bytes are lost, and it can begin anew.
    assertEquals(status, 410);
    assertEquals((await test.client.send("a", 0, file)).text, "Success 10");
    await test.assertUntouched();
  },
);

oneMachineTest("a path in an old record that leads out of the folder is not followed", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  const paths = ["../secret", "../../secret", "b/../../secret", `${dir.path}/secret`, "./../secret"];
  const idOf = (at: number) => `${at}`.padStart(22, "A");
  await Deno.mkdir(data);
  for (const place of [dir.path, data]) await Deno.writeFile(join(place, "secret"), file);
  {
    using records = await openRecords(join(data, "pawl.db"), createSameName({ ignoresCase: false }));
    for (const [at, path] of paths.entries()) {
      const facts = { owner: "anonymous", clientId: path, name: "a", folders: [], length: 10 };
      const begun = newUpload(facts, {
        id: idOf(at),
        now: 0,
        serviceNow: 0,
        expireAfterMs: 1e12,
        boot: "",
        durable: true,
      });
      await records.create(completed({ ...begun, offset: 10 }, path, 0));
    }
  }
  await using pawl = await openTestApp({ data });
  for (const [at, path] of paths.entries()) {
    assertEquals([path, (await ask(pawl, "GET", `/files/${idOf(at)}`)).status], [path, 404]);
    assertEquals([path, (await simpleClient(pawl.app).status(path)).text], [path, "0"]);
    assertEquals([path, (await ask(pawl, "DELETE", `/files/${idOf(at)}`)).status], [path, 204]);
  }
  for (const place of [dir.path, data]) assertEquals(await Deno.readFile(join(place, "secret")), file);
});

oneMachineTest("a file that lies where a finished one is to be placed is not served in its place", async () => {
  await using test = await setUp();
  const location = await test.send("a.txt");
  const own = join(test.pawl.data, "incoming", location.slice("/files/".length));
  // As it is between the record and the link: the upload has its own entry alone.
  await Deno.rename(join(test.finished, "a.txt"), own);
  const byHand = new Uint8Array(10);
  await Deno.writeFile(join(test.finished, "a.txt"), byHand);
  for (const bytes of [file, file]) assertEquals(await ask(test.pawl, "GET", location), { status: 200, bytes });
  assertEquals([await test.pawl.finished("a.txt"), await test.pawl.finished("a (2).txt")], [byHand, file]);
});

oneMachineTest(
  "while a file is being placed, what lies under its name by hand is never served or removed",
  async () => {
    await using pawl = await openTestApp();
    const client = simpleClient(pawl.app);
    const byHand = new Uint8Array(10);
    for (let round = 0; round < 20; round++) {
      const name = `${round}.txt`;
      await Deno.writeFile(join(pawl.data, "files", name), byHand);
      const sending = client.send(name, 0, file, { "X-File-Name": name });
      let location: string | null = null;
      while (location === null) location = (await client.status(name)).headers.get("location");
      // Whenever there is an answer with bytes, they are the file's own.
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask(pawl, "GET", location!)));
      for (const { status, bytes } of answers) assertEquals(status === 200 ? bytes : file, file);
      await sending;
      assertEquals(await ask(pawl, "GET", location), { status: 200, bytes: file });
      await ask(pawl, "DELETE", location);
      assertEquals(await pawl.finished(name), byHand);
    }
  },
);

oneMachineTest(
  "a folder goes with its last file, also where that was taken away, and comes back with the next",
  async () => {
    await using test = await setUp();
    const [first, second, third] = [await test.send("b/c/d/1"), await test.send("b/c/2"), await test.send("b/3")];
    await ask(test.pawl, "DELETE", first);
    assertEquals((await Array.fromAsync(Deno.readDir(join(test.finished, "b/c")))).length, 1);
    await Deno.remove(join(test.finished, "b/c/2"));
    assertEquals((await ask(test.pawl, "DELETE", second)).status, 204);
    assertEquals((await Array.fromAsync(Deno.readDir(join(test.finished, "b")))).map(({ name }) => name), ["3"]);
    await ask(test.pawl, "DELETE", third);
    assertEquals(await test.pawl.finishedNames(), []);
    await test.send("b/c/d/4");
    assertEquals(await test.pawl.finished("b/c/d/4"), file);
  },
);

Deno.test("no folder stays of a request that brings no file", async () => {
  await using test = await setUp();
  await test.send("a.txt");
  // The file is sent again, into folders of many names.
  for (let at = 0; at < 20; at++) {
    const headers = { "X-File-Path": `folder ${at}/deep/a.txt`, "X-Start-Over": "?0" };
    assertEquals((await test.client.send("a.txt", 0, file, headers)).text, "Wrong start byte: 10");
  }
  assertEquals(await test.pawl.finishedNames(), ["a.txt"]);
});

Deno.test("uploads into a folder and removals from it, at the same time, all come to their end", async () => {
  await using test = await setUp();
  const locations = new Map<number, string>();
  await Promise.all(Array.from({ length: 8 }, async (_, lane) => {
    for (let round = 0; round < 12; round++) {
      const path = `b/c/${lane}-${round}`;
      const sent = await test.client.send(path, 0, file, { "X-File-Path": path });
      assertEquals([path, sent.text], [path, "Success 10"]);
      const location = sent.headers.get("location")!;
      assertEquals(await ask(test.pawl, "GET", location), { status: 200, bytes: file });
      if (round === 11) locations.set(lane, location);
      else assertEquals((await ask(test.pawl, "DELETE", location)).status, 204);
    }
  }));
  for (const location of locations.values()) await ask(test.pawl, "DELETE", location);
  assertEquals(await test.pawl.finishedNames(), []);
});
