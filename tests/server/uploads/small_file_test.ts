import { assertEquals } from "@std/assert";
import { openTestApp } from "../../support/pawl.ts";
import { type Answer, brokenBody, type SimpleClient, simpleClient } from "../../support/simple_client.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const file = new Uint8Array([1, 2, 3, 4, 5]);
const size = { "X-File-Size": "5", "Content-Length": "5" };

/** Sends the first two bytes of a small file and then nothing more; returns when the server has read them. */
async function hang(client: SimpleClient): Promise<{ answer: Promise<Answer> }> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const body = writable.getWriter();
  const answer = client.send("a", 0, readable, size);
  await body.write(file.slice(0, 2));
  return { answer: answer.finally(() => body.close()) };
}

Deno.test("nothing is made of a small file before its body has ended; what came of it is kept when somebody asks", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { answer } = await hang(client);
  assertEquals(await pawl.incomingNames(), []);
  assertEquals((await client.status("a")).text, "2");
  const { status, headers } = await answer;
  assertEquals([status, headers.get("upload-offset")], [409, "2"]);
  assertEquals((await client.send("a", 2, file.slice(2), { "X-File-Size": "5" })).text, "Success 5");
  assertEquals(await pawl.finished("a"), file);
});

Deno.test("a small file that is cut off keeps its bytes", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { status, headers } = await client.send("a", 0, brokenBody(file.slice(0, 3)), size);
  assertEquals([status, headers.get("upload-offset")], [408, "3"]);
  assertEquals((await client.status("a")).text, "3");
});

Deno.test("a server that ends keeps what has come of a small file", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { answer } = await hang(client);
  await pawl.interrupt();
  const { status, headers } = await answer;
  assertEquals([status, headers.get("upload-offset")], [503, "2"]);
  assertEquals((await client.status("a")).text, "2");
});

Deno.test("a small file that is sent again takes over from the request that hangs", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { answer } = await hang(client);
  assertEquals((await client.send("a", 0, file)).text, "Success 5");
  assertEquals((await answer).status, 409);
  assertEquals([await pawl.incomingNames(), await pawl.finishedNames()], [[], ["a"]]);
});

Deno.test("DELETE takes over from a small file that hangs, and leaves nothing of it", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const { answer } = await hang(client);
  assertEquals((await client.terminate("a")).status, 204);
  assertEquals((await answer).status, 409);
  assertEquals([await pawl.incomingNames(), (await client.status("a")).text], [[], "0"]);
});

Deno.test("a dead repetition of a small file that is finished ends when somebody asks, and leaves nothing", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  assertEquals((await client.send("a", 0, file)).text, "Success 5");
  const { answer } = await hang(client);
  assertEquals((await client.status("a")).text, "5");
  assertEquals((await answer).status, 409);
  assertEquals([await pawl.incomingNames(), await pawl.finishedNames()], [[], ["a"]]);
});

Deno.test("small files of one name that come together are finished beside each other", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const ids = Array.from({ length: 10 }, (_, number) => `id-${number}`);
  const answers = await Promise.all(ids.map((id) => client.send(id, 0, file, { "X-File-Name": "a.bin" })));
  assertEquals(answers.map(({ text }) => text), ids.map(() => "Success 5"));
  const numbered = ids.slice(1).map((_, index) => `a (${index + 2}).bin`);
  assertEquals(await pawl.finishedNames(), ["a.bin", ...numbered].sort());
  assertEquals(await pawl.incomingNames(), []);
});

Deno.test("a small body that is refused begins its upload, and nothing of it stays", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    const digest = { [name]: `sha-256=:${btoa("x".repeat(32))}:` };
    assertEquals((await client.send("a", 0, file, digest)).status, 400);
    assertEquals((await client.status("a")).text, "0");
  }
  assertEquals((await client.send("a", 0, file, { "Content-Digest": `md5=:AA==:` })).text, "Success 5");
});

/** Tells whether each file that gets a second name could be locked by another process at that moment. */
function watchLocksOfLinks(isFree: boolean[]): Disposable {
  const { linkSync } = Deno;
  Deno.linkSync = (from, to) => {
    using other = Deno.openSync(from, { append: true });
    isFree.push(other.tryLockSync(true));
    linkSync(from, to);
  };
  return { [Symbol.dispose]: () => void (Deno.linkSync = linkSync) };
}

oneMachineTest("the file of a small upload is locked against other processes until it is placed", async () => {
  await using pawl = await openTestApp();
  const isFree: boolean[] = [];
  using _watched = watchLocksOfLinks(isFree);
  assertEquals((await simpleClient(pawl.app).send("a", 0, file)).text, "Success 5");
  assertEquals(isFree, [false]);
});
