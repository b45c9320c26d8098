import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../../support/bytes.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";

Deno.test("a name stays its upload's until that is removed: neither download nor removal meets another file", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const named = { "X-File-Name": "a", "X-File-Path": "b/a" };
  const ask = async (method: string, location: string) =>
    (await pawl.app(new Request(`http://localhost${location}`, { method }))).status;
  const first = await client.send("first", 0, someBytes(10), named);
  // By hand, or by a crash in the middle of the removal.
  await Deno.remove(join(pawl.data, "files", "b", "a"));
  const second = await client.send("second", 0, someBytes(20), named);
  assertEquals(await ask("GET", first.headers.get("location")!), 410);
  assertEquals(await ask("DELETE", first.headers.get("location")!), 204);
  assertEquals(await ask("HEAD", second.headers.get("location")!), 200);
  assertEquals(await pawl.finished("b/a (2)"), someBytes(20));
  await client.send("third", 0, someBytes(30), named);
  assertEquals(await pawl.finished("b/a"), someBytes(30));
});
