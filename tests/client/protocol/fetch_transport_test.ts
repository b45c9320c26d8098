import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFetchTransport } from "../../../client/protocol/fetch_transport.ts";
import { someBytes } from "../../support/bytes.ts";

/** Serves on a free port, and sends a request there by the transport. */
async function sentTo(
  handler: (request: Request) => Response | Promise<Response>,
  request: Partial<Parameters<ReturnType<typeof createFetchTransport>>[0]> & { path?: string },
) {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}${request.path ?? "/"}`;
  const { signal } = new AbortController();
  return await createFetchTransport()({ method: "POST", url, headers: {}, signal, ...request });
}

Deno.test("createFetchTransport() sends a body with its length, and counts what departs up to all of it", async () => {
  const bytes = someBytes(300_000);
  const counts: number[] = [];
  const answer = await sentTo(async (request) => {
    const body = await request.bytes();
    const isSame = body.every((byte, index) => byte === bytes[index]);
    return new Response(`${request.headers.get("content-length")} ${request.headers.get("x-file-id")} ${isSame}`, {
      status: 201,
      headers: { "Upload-Offset": "300000" },
    });
  }, { headers: { "X-File-Id": "a" }, body: new Blob([bytes]), onSent: (count) => counts.push(count) });
  assertEquals([answer.status, answer.text], [201, "300000 a true"]);
  assertEquals(answer.headers.get("upload-offset"), "300000");
  assertEquals(counts.at(-1), 300_000);
  assertEquals(counts, counts.toSorted((a, b) => a - b));
});

Deno.test("createFetchTransport() tells the text of a good answer as it comes", async () => {
  const texts: string[] = [];
  const answer = await sentTo(() => new Response("one\ntwo\n"), { onText: (text) => texts.push(text) });
  assertEquals([answer.text, texts.at(-1)], ["one\ntwo\n", "one\ntwo\n"]);
});

Deno.test("createFetchTransport() takes a redirect for the answer, and tells nobody else what it was to tell", async () => {
  const asked: string[] = [];
  const answer = await sentTo((request) => {
    asked.push(new URL(request.url).pathname);
    return new Response(null, { status: 307, headers: { Location: "/elsewhere" } });
  }, { path: "/upload", body: new Blob(["a"]) });
  assertEquals([answer.status, asked], [307, ["/upload"]]);
});

Deno.test("createFetchTransport() ends an answer that is larger than any of Pawl's", async () => {
  const endless = () => {
    const piece = new Uint8Array(2 ** 20);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }));
  };
  await assertRejects(() => sentTo(endless, { method: "GET" }), Error, "too long");
});

Deno.test("createFetchTransport() rejects when its signal aborts", async () => {
  const aborter = new AbortController();
  const reason = new Error("Enough");
  const sent = sentTo(() => {
    aborter.abort(reason);
    return new Response("late");
  }, { method: "GET", signal: aborter.signal });
  assertEquals(await sent.catch((error) => error), reason);
});

Deno.test("createFetchTransport() sends by the fetch that it is given, and gives the whole body where none is read by its stream", async () => {
  const bodies: unknown[] = [];
  const transport = createFetchTransport((_, { body }) => {
    bodies.push(body);
    return Promise.resolve(new Response("5"));
  });
  const body = new Blob(["hello"]);
  const { signal } = new AbortController();
  assertEquals((await transport({ method: "POST", url: "/", headers: {}, body, signal })).text, "5");
  assert(bodies[0] === body, "Nobody counts, so nothing stands between");
});
