import { assertEquals, assertMatch } from "@std/assert";
import type { Transport, TransportRequest } from "../../../client/mod.ts";
import { concat } from "../../../server/doctor/bytes.ts";
import { createTransport } from "../../../server/send/fetch_transport.ts";
import { jsonReport } from "../../../server/send/json_report.ts";
import { sendStream } from "../../../server/send/send_stream.ts";
import { sourceOf } from "../../support/sources.ts";
import { runSend } from "../../support/sending.ts";
import { startProxy } from "../../support/tcp_proxy.ts";
import { startSite } from "../../support/test_site.ts";

const MIB = 2 ** 20;

function chunksOf(bytes: Uint8Array<ArrayBuffer>, size = 100_000): ReadableStream<Uint8Array> {
  return ReadableStream.from(function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }());
}

Deno.test("standard input is sent without a known length, and its digest is checked on the server", async () => {
  await using site = await startSite();
  for (const size of [0, 1, 3 * MIB + 5]) {
    const bytes = new Uint8Array(sourceOf(1, size).bytes());
    const { code, printed, told } = await runSend(site.folder, ["--name", `${size}.txt`, "-", site.pawl.url], {
      stdin: chunksOf(bytes),
    });
    assertEquals([code, printed.length], [0, 1], told.join("\n"));
    const answer = await fetch(printed[0]!.split("  ")[1]!);
    assertMatch(answer.headers.get("repr-digest") ?? "", /^sha-256=:/);
    assertEquals(await answer.bytes(), bytes);
  }
});

Deno.test("a stream goes on after a cut, with the bytes that lie in memory", async () => {
  await using site = await startSite();
  let connections = 0;
  await using proxy = await startProxy({
    to: site.pawl.port,
    plan: () => ++connections <= 2 ? { kind: "cut", direction: "up", after: 700_000 } : undefined,
  });
  const bytes = new Uint8Array(sourceOf(2, 3 * MIB).bytes());
  const printed: string[] = [];
  const isDone = await sendStream(chunksOf(bytes), {
    endpoint: `http://127.0.0.1:${proxy.port}`,
    transport: createTransport(),
    path: "in/dump.sql",
    tries: 20,
    mayRead: true,
    report: jsonReport({ print: (line) => printed.push(line), now: () => 0 }),
    signal: new AbortController().signal,
    now: () => performance.now(),
    pieceBytes: MIB,
  });
  assertEquals([isDone, await site.finished()], [true, ["in/dump.sql"]]);
  assertEquals(printed.some((line) => line.includes('"waiting"')), true);
  assertEquals(await Deno.readFile(`${site.data}/files/in/dump.sql`), bytes);
});

Deno.test("a stream that is stopped, or that breaks, leaves nothing on the server", async () => {
  await using site = await startSite();
  const stop = new AbortController();
  const stopped = await runSend(site.folder, ["--json", "--name", "a", "-", site.pawl.url], {
    signal: stop.signal,
    // Nothing comes any more after the first bytes.
    stdin: new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9 * MIB)) }),
    onPrint: (line) => line.includes('"progress"') && stop.abort(130),
  });
  assertEquals([stopped.code, stopped.events().at(-1).code], [130, 130]);
  async function* breaks() {
    yield await Promise.resolve(new Uint8Array(17 * MIB));
    throw new Error("the disk is gone");
  }
  const broken = await runSend(site.folder, ["--name", "b", "-", site.pawl.url], {
    stdin: ReadableStream.from(breaks()),
  });
  assertEquals(broken.code, 1);
  assertMatch(broken.told.join("\n"), /^b: Standard input cannot be read: .*the disk is gone/m);
  assertEquals([await site.finished(), await site.unfinished()], [[], 0]);
});

for (
  const [status, tries, says] of [
    [503, 2, /^Nothing was gained in 2 tries: .*\. Check the connection, then send all of it again$/],
    [507, 1, /^The disk of the server is full \(507.*\)\. Ask whoever .* to make room, then send all of it again$/],
  ] as const
) {
  Deno.test(`a stream that fails (${status}) is not said to be kept, because nobody can go on with it`, async () => {
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
      await request.bytes();
      return new Response("full. Of files", { status });
    });
    const printed: string[] = [];
    const isDone = await sendStream(chunksOf(new Uint8Array(10)), {
      endpoint: `http://127.0.0.1:${server.addr.port}`,
      transport: createTransport(),
      path: "a",
      tries,
      mayRead: true,
      report: jsonReport({ print: (line) => printed.push(line), now: () => 0 }),
      signal: new AbortController().signal,
      now: () => 0,
    });
    assertEquals(isDone, false);
    const events = printed.map((line) => JSON.parse(line));
    assertMatch(events.find(({ event }) => event === "failed").message, says);
  });
}

Deno.test("a server that finishes a part of a stream as the whole is found out", async () => {
  const told: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const bytes = (await request.bytes()).length;
    const headers = { "Upload-Complete": "?1", "Upload-Offset": String(bytes) };
    return new Response(`Success ${bytes}`, { headers });
  });
  const isDone = await sendStream(chunksOf(new Uint8Array(3 * MIB)), {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    transport: createTransport(),
    path: "a",
    tries: 3,
    mayRead: true,
    report: jsonReport({ print: (line) => told.push(line), now: () => 0 }),
    signal: new AbortController().signal,
    now: () => 0,
    pieceBytes: MIB,
  });
  assertEquals(isDone, false);
  assertMatch(told.join("\n"), /takes no stream of unknown length/);
});

/**
 * A server of streams in memory. `takes` says what becomes of a body: all of it is kept, or the connection breaks, and
 * some of its bytes arrive now, and some behind the next question.
 */
function memoryServer(takes: (body: Uint8Array) => { readonly now: number; readonly later: number } | "all") {
  let held = new Uint8Array();
  let late = new Uint8Array();
  const add = (bytes: Uint8Array) => {
    held = concat([held, bytes]);
  };
  const answer = (status: number, isComplete: boolean, code?: string) => ({
    status,
    text: String(held.length),
    headers: new Headers({
      "Upload-Offset": String(held.length),
      "Upload-Complete": isComplete ? "?1" : "?0",
      ...code !== undefined && { "X-Error": code },
    }),
  });
  const post = async ({ headers, body, onSent }: TransportRequest) => {
    const bytes = await body!.bytes();
    onSent?.(bytes.length);
    add(late);
    late = new Uint8Array();
    if (Number(headers["X-Start-Byte"]) !== held.length) return answer(400, false, "wrong-offset");
    const kept = takes(bytes);
    if (kept !== "all") {
      add(bytes.subarray(0, kept.now));
      late = bytes.slice(kept.now, kept.now + kept.later);
      throw new TypeError("connection reset");
    }
    add(bytes);
    return answer(200, Number(headers["X-File-Size"]) === held.length);
  };
  const transport: Transport = async (request) => request.method === "POST" ? await post(request) : answer(200, false);
  return { transport, held: () => held };
}

const BROKEN_LINES = [
  [
    "holds large bodies back until they are whole, and cuts them",
    (body: Uint8Array) => body.length > 300_000 ? { now: 0, later: 0 } : "all",
  ],
  [
    "delivers bytes of a broken request behind the question",
    (body: Uint8Array) => body.length > MIB / 2 ? { now: 0, later: body.length } : "all",
  ],
] as const;

for (const [what, takes] of BROKEN_LINES) {
  Deno.test(`a stream comes through a line that ${what}`, async () => {
    const server = memoryServer(takes);
    const bytes = new Uint8Array(sourceOf(3, 2 * MIB + 3).bytes());
    const printed: string[] = [];
    const isDone = await sendStream(chunksOf(bytes), {
      endpoint: "http://up.example",
      transport: server.transport,
      path: "a",
      tries: 5,
      mayRead: true,
      report: jsonReport({ print: (line) => printed.push(line), now: () => 0 }),
      signal: new AbortController().signal,
      now: () => 0,
      pieceBytes: 2 * MIB,
    });
    assertEquals([isDone, server.held()], [true, bytes], printed.at(-1));
  });
}
