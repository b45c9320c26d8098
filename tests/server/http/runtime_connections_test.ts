import { assert, assertEquals } from "@std/assert";
import { findServeConnection } from "../../../server/http/runtime_connections.ts";
import { head, speakOn } from "../../support/raw.ts";

async function served() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = speakOn(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
  const serve = findServeConnection();
  assert(serve !== undefined);
  const http = serve(
    await listener.accept(),
    () => Promise.resolve(new Response("here")),
    () => new Response("failed", { status: 500 }),
  );
  return { client, http };
}

Deno.test("a connection that is cut off is closed at once", async () => {
  const { client, http } = await served();
  using _ = client;
  await client.send(head("GET /"));
  assertEquals((await client.answer()).body, "here");
  http.cut();
  assertEquals(await client.closed(), "");
  await http.finished.catch(() => {});
});

Deno.test("cutting off a connection that is over does nothing", async () => {
  const { client, http } = await served();
  client[Symbol.dispose]();
  await http.finished.catch(() => {});
  http.cut();
  await http.shutdown().catch(() => {});
});
