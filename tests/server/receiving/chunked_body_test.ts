import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { chunksOf, inChunks } from "../../support/chunked.ts";
import { startServer } from "../../support/pawl.ts";
import { connect, postHead } from "../../support/raw.ts";

const chunked = { "Transfer-Encoding": "chunked" };

Deno.test("a body without a length is what was sent, whatever its chunks are like", async () => {
  await using server = await startServer();
  const file = someBytes(3_000_001);
  for (const sizes of [[65536], [8192], [4096], [1000], [100], [40, 65536], [1, 30000, 7, 500], [3_000_001]]) {
    const id = `of ${sizes}`;
    using connection = await connect(server.port);
    await connection.send(postHead(id, chunked));
    await connection.send(inChunks(file, sizes));
    assertEquals((await connection.answer()).body, "Success 3000001", id);
    assertEquals(await server.finished(id), file);
  }
});

Deno.test("chunks so short, and so fast, that reading cannot keep up end as an interruption with its count", async () => {
  await using server = await startServer();
  using connection = await connect(server.port);
  await connection.send(postHead("a", chunked));
  const { wire } = chunksOf([1], 64 * 1024);
  const sending = (async () => {
    while (await connection.send(wire));
  })();
  const { status, headers, body } = await connection.answer();
  const count = Number(headers.get("upload-offset"));
  assertEquals(status, 408);
  assert(count > 0 && body.includes(`go on from byte ${count}`), body);
  await connection.closed();
  await sending;
  const asked = await fetch(`${server.url}status`, { headers: { "X-File-Id": "a" } });
  assertEquals(await asked.text(), String(count));
});

Deno.test("a refused body of the shortest chunks is cut off, and holds nobody up", async () => {
  await using server = await startServer();
  using connection = await connect(server.port);
  await connection.send(postHead("a", { ...chunked, "X-Start-Byte": 5 }));
  const { wire } = chunksOf([1], 64 * 1024);
  let sent = 0;
  while (await connection.send(wire)) sent += wire.length;
  assertEquals((await connection.answer()).status, 400);
  assert(sent < 64 * 2 ** 20, `${sent} bytes were sent`);
});
