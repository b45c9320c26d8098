import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp, type TestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { oneMachineTest, testStore } from "../../support/test_store.ts";

const named = { "X-File-Name": "a", "X-File-Path": "b/a" };

/** Sends requests as plain HTTP, or as tus. */
function asker(pawl: TestApp) {
  const ask = async (method: string, location: string | null, headers: HeadersInit = {}) => {
    const request = new Request(`http://localhost${location}`, { method, headers });
    const response = await pawl.app(request);
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
  };
  return {
    bytes: async (location: string | null) => (await ask("GET", location)).bytes,
    status: async (method: string, location: string | null) => (await ask(method, location)).status,
    tus: async (method: string, location: string | null, more: Record<string, string> = {}) =>
      (await ask(method, location, { "Tus-Resumable": "1.0.0", ...more })).status,
  };
}

/** Returns when the upload has no entry of its own any more: its file's name is on disk. */
async function untilTidy(pawl: TestApp, id: string, length: number): Promise<void> {
  assertEquals((await simpleClient(pawl.app).send(id, length, null)).text, `Success ${length}`);
}

Deno.test("a finished file that was taken away is gone to tus and to plain HTTP, and 0 to the simple protocol", async () => {
  await using pawl = await openTestApp();
  const [client, ask] = [simpleClient(pawl.app), asker(pawl)];
  const first = (await client.send("first", 0, someBytes(10), named)).headers.get("location");
  await untilTidy(pawl, "first", 10);
  assertEquals([await ask.tus("HEAD", first), await ask.tus("GET", first)], [200, 200]);
  const putBack = await testStore().takeAway(pawl.data, "b/a");
  assertEquals([await ask.tus("HEAD", first), await ask.tus("GET", first)], [410, 410]);
  assertEquals([await ask.status("HEAD", first), await ask.status("GET", first)], [410, 410]);
  assertEquals((await client.status("first")).text, "0");
  const headers = { "Upload-Offset": "10", "Content-Type": "application/offset+octet-stream", "Content-Length": "0" };
  assertEquals(await ask.tus("PATCH", first, headers), 410);
  // Put back, it is there again.
  await putBack();
  assertEquals([await ask.tus("HEAD", first), (await client.status("first")).text], [200, "10"]);
});

Deno.test("a file that was taken away is taken again, as it is and by a request that never starts over", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (
    const [at, more] of [{}, { "X-Start-Over": "?0" }, { "X-Start-Over": "?0", "X-File-Size": "600000" }].entries()
  ) {
    const file = someBytes(at === 2 ? 600_000 : 10);
    for (let time = 0; time < 2; time++) {
      const sent = await client.send(`a${at}`, 0, file, { ...named, ...more });
      assertEquals(sent.text, `Success ${file.length}`);
      assertEquals(await pawl.finished("b/a"), file);
      await untilTidy(pawl, `a${at}`, file.length);
      assertMatch((await client.send(`a${at}`, 5, null)).text, /^Wrong start byte|^Success/);
      await testStore().takeAway(pawl.data, "b/a");
      assertEquals((await client.send(`a${at}`, 5, new Uint8Array(5))).text, "Wrong start byte: 0");
    }
  }
});

Deno.test("the name of a file that was taken away is free, and the next file there is nobody else's", async () => {
  await using pawl = await openTestApp();
  const [client, ask] = [simpleClient(pawl.app), asker(pawl)];
  const first = (await client.send("first", 0, someBytes(10), named)).headers.get("location");
  await untilTidy(pawl, "first", 10);
  await testStore().takeAway(pawl.data, "b/a");
  const second = (await client.send("second", 0, someBytes(20), named)).headers.get("location");
  assertEquals(await pawl.finished("b/a"), someBytes(20));
  assertEquals([await ask.status("GET", first), await ask.tus("HEAD", first)], [410, 410]);
  assertEquals(await ask.status("DELETE", first), 204);
  assertEquals(await ask.bytes(second), someBytes(20));
  // While it is there nobody else gets the name.
  await client.send("third", 0, someBytes(30), named);
  assertEquals(await pawl.finished("b/a (2)"), someBytes(30));
});

Deno.test("the removal of a file that was taken away is done, and removes nothing else", async () => {
  await using pawl = await openTestApp();
  const [client, ask] = [simpleClient(pawl.app), asker(pawl)];
  const [first, second] = [
    (await client.send("first", 0, someBytes(10), named)).headers.get("location"),
    (await client.send("second", 0, someBytes(10), { "X-File-Name": "c" })).headers.get("location"),
  ];
  for (const id of ["first", "second"]) await untilTidy(pawl, id, 10);
  await testStore().takeAway(pawl.data, "b/a");
  assertEquals(await ask.status("DELETE", first), 204);
  // Another file of the same length, put there by hand.
  await testStore().takeAway(pawl.data, "c");
  await testStore().putByHand(pawl.data, "c", new Uint8Array(10));
  assertEquals([await ask.status("GET", second), await ask.tus("HEAD", second)], [404, 404]);
  assertEquals((await client.status("second")).text, "0");
  assertEquals(await ask.status("DELETE", second), 204);
  assertEquals(await pawl.finished("c"), new Uint8Array(10));
});

oneMachineTest(
  "two files of one length and one time that change their names are neither served nor removed for each other",
  async () => {
    await using pawl = await openTestApp();
    const [client, ask] = [simpleClient(pawl.app), asker(pawl)];
    const send = async (name: string, byte: number) => {
      const headers = { "X-File-Name": name, "X-File-Modified": "1000" };
      const answer = await client.send(name, 0, new Uint8Array(10).fill(byte), headers);
      await untilTidy(pawl, name, 10);
      return answer.headers.get("location");
    };
    const one = await send("one", 1);
    await send("two", 2);
    const path = (name: string) => join(pawl.data, "files", name);
    for (const [from, to] of [["one", "kept"], ["two", "one"], ["kept", "two"]]) {
      await Deno.rename(path(from!), path(to!));
    }
    assertEquals(await ask.status("GET", one), 404);
    assertEquals(await ask.status("DELETE", one), 204);
    assertEquals([await pawl.finished("one"), await pawl.finished("two")], [
      new Uint8Array(10).fill(2),
      new Uint8Array(10).fill(1),
    ]);
  },
);

oneMachineTest("a data folder that was brought back from a copy serves its files", async () => {
  await using pawl = await openTestApp();
  const location = (await simpleClient(pawl.app).send("first", 0, someBytes(10), named)).headers.get("location");
  await untilTidy(pawl, "first", 10);
  const copy = `${pawl.data}-copy`;
  try {
    await Deno.mkdir(join(copy, "files/b"), { recursive: true });
    for (const name of ["pawl.db", "pawl.db-wal", "files/b/a"]) {
      await Deno.copyFile(join(pawl.data, name), join(copy, name));
    }
    // As a copy that keeps no times makes it.
    await Deno.utime(join(copy, "files/b/a"), 1, 1);
    await using other = await openTestApp({ data: copy });
    assertEquals(await asker(other).bytes(location), someBytes(10));
    assertEquals((await simpleClient(other.app).status("first")).text, "10");
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});

oneMachineTest("no upload is lost while the folder of unfinished uploads is away", async () => {
  await using pawl = await openTestApp();
  const [client, ask] = [simpleClient(pawl.app), asker(pawl)];
  const size = { "X-File-Size": "200000" };
  const location = (await client.send("a", 0, someBytes(100_000), size)).headers.get("location");
  const [incoming, elsewhere] = [join(pawl.data, "incoming"), join(pawl.data, "elsewhere")];
  await Deno.rename(incoming, elsewhere);
  assertEquals([await ask.tus("HEAD", location), (await client.status("a")).text], [200, "100000"]);
  assertEquals((await client.send("a", 100_000, someBytes(100_000), size)).status, 500);
  assertEquals(await ask.status("DELETE", location), 500);
  await Deno.rename(elsewhere, incoming);
  assertEquals((await client.send("a", 100_000, someBytes(100_000), size)).text, "Success 200000");
});
