import { assertEquals } from "@std/assert";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

Deno.test("a dead repetition of a small file that is finished ends when somebody asks, and leaves nothing", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const file = new Uint8Array([1, 2, 3, 4, 5]);
  assertEquals((await client.send("a", 0, file)).text, "Success 5");
  const { readable: dead, writable } = new TransformStream<Uint8Array>();
  const connection = writable.getWriter();
  connection.write(file.slice(0, 2));
  const repeated = client.send("a", 0, dead, { "X-File-Size": "5", "Content-Length": "5" });
  while ((await pawl.incomingNames()).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals((await client.status("a")).text, "5");
  assertEquals((await repeated).status, 409);
  assertEquals([await pawl.incomingNames(), await pawl.finishedNames()], [[], ["a"]]);
  await connection.close();
});
