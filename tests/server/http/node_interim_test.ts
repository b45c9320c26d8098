import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { SendInterim } from "../../../server/http/interim.ts";
import { type InterimMode, InterimPace, mayGetInterim } from "../../../server/http/node_interim.ts";
import { listening } from "../../support/node_listening.ts";
import { connect, head } from "../../support/raw.ts";

const NAMED = { "Upload-Draft-Interop-Version": "6" };

/** What a client hears whose request is answered after `act`, which may send interim responses. */
async function heard(
  { act, sent, mode = "auto" }: {
    act: (send: SendInterim | undefined, request: Request) => void | Promise<void>;
    sent: string;
    mode?: InterimMode;
  },
): Promise<string> {
  await using server = await listening(async (request, connection) => {
    await act(connection?.sendInterim, request);
    return new Response("done");
  }, { interim: () => mode });
  using connection = await connect(server.port);
  await connection.send(sent);
  await connection.finishSending();
  return await connection.closed();
}

const last = head("GET /", NAMED);

Deno.test("104 goes at once, with its reason and its headers, before the final answer of its own request", async () => {
  const text = await heard({
    act: (send, { url }) => send?.(104, { "Location": new URL(url).pathname, "Upload-Limit": "max-size=10" }),
    sent: head("GET /a", NAMED) + head("GET /b", NAMED),
  });
  const interim = (path: string) =>
    `HTTP/1.1 104 Upload Resumption Supported\r\nLocation: ${path}\r\nUpload-Limit: max-size=10\r\n\r\nHTTP/1.1 200 OK\r\n`;
  const [first, second] = text.split(/(?<=done)/);
  assertEquals(first?.slice(0, interim("/a").length), interim("/a"));
  assertEquals(second?.slice(0, interim("/b").length), interim("/b"));
});

Deno.test("104 goes while the body is still coming", async () => {
  await using server = await listening(async (request, connection) => {
    connection?.sendInterim?.(104, { "Location": "/u/1" });
    let size = 0;
    for await (const piece of request.body!) size += piece.length;
    return new Response(String(size));
  });
  using connection = await connect(server.port);
  await connection.send(head("POST /", { ...NAMED, "Content-Length": 5 }));
  await connection.heard();
  await connection.send("12345");
  assertEquals((await connection.answer()).body, "5");
});

Deno.test("progress goes once a second at most, and a thousand times a request", () => {
  const pace = new InterimPace();
  let sent = 0;
  for (let now = 0; now < 3_000_000; now += 250) {
    if (!pace.allows(now)) continue;
    pace.sent(now);
    sent++;
    if (sent === 2) assertEquals(now, 1000);
  }
  assertEquals(sent, 1000);
});

Deno.test("of many interim responses in a row the first one goes", async () => {
  const text = await heard({
    act: (send) => {
      for (let count = 0; count < 100; count++) send?.(104, { "Upload-Offset": String(count) });
    },
    sent: last,
  });
  assertEquals(text.match(/Upload-Offset: \d+/g), ["Upload-Offset: 0"]);
});

Deno.test("of progress that comes too fast the latest goes when it may, and nothing more behind the answer", async () => {
  const answered = Promise.withResolvers<void>();
  await using server = await listening(async (_, connection) => {
    for (let count = 0; count < 100; count++) connection?.sendInterim?.(104, { "Upload-Offset": String(count) });
    await answered.promise;
    connection?.sendInterim?.(104, { "Upload-Offset": "too fast" });
    return new Response("done");
  });
  using connection = await connect(server.port);
  await connection.send(head("GET /", { ...NAMED, "Connection": "close" }));
  await connection.heard();
  await connection.heard();
  answered.resolve();
  const text = await connection.closed();
  assertEquals(text.match(/Upload-Offset: [^\r]+/g), ["Upload-Offset: 0", "Upload-Offset: 99"]);
});

Deno.test("a client that names no version gets none unless all do, and HTTP/1.0 never gets any", async () => {
  const act = (send: SendInterim | undefined) => send?.(104, { "Location": "/u/1" });
  const old = "GET / HTTP/1.0\r\nHost: a\r\nUpload-Draft-Interop-Version: 6\r\n\r\n";
  const cases: [InterimMode, string, boolean][] = [
    ["auto", last, true],
    ["auto", head("GET /"), false],
    ["on", head("GET /"), true],
    ["off", last, false],
    ["auto", old, false],
    ["on", old, false],
  ];
  for (const [mode, sent, isSent] of cases) {
    const text = await heard({ act, sent, mode });
    assertEquals([mode, sent, /^HTTP\/1\.1 104 /.test(text)], [mode, sent, isSent]);
    assertMatch(text, /HTTP\/1\.1 200 OK\r\n[^]*done$/);
  }
});

Deno.test("none goes behind the final answer or to a client that is gone, and no value breaks out of its header", async () => {
  let late: SendInterim | undefined;
  const text = await heard({
    act: (send) => {
      late = send;
      send?.(104, { "Location": "/u/1\r\nSet-Cookie: a=1" });
      send?.(99, {});
    },
    sent: last,
  });
  late!(104, { "Location": "/u/1" });
  assertMatch(text, /^HTTP\/1\.1 200 OK\r\n/);
});

Deno.test("the versions of HTTP that have interim responses", () => {
  const headers = new Headers(NAMED);
  const may = (httpVersion: string) => mayGetInterim("auto", { httpVersion, headers });
  assertEquals(["0.9", "1.0", "1.1", "2.0"].map(may), [false, false, true, true]);
});

Deno.test("the runtime gives 104 to node:http alone: Deno.serve refuses it", () => {
  assertThrows(() => new Response(null, { status: 104 }), RangeError);
});
