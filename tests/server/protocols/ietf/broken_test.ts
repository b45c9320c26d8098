import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { appendHeaders, chunked, type IetfWire, stateIn, wireTest } from "../../../support/ietf_wire.ts";
import { untilReceived } from "../../../support/incoming.ts";
import { openTestApp } from "../../../support/pawl.ts";
import type { RawConnection } from "../../../support/raw.ts";
import { testStore } from "../../../support/test_store.ts";

const file = someBytes(300_000);
const OWN = { "Upload-Draft-Interop-Version": 8 };

const idOf = (path: string) => path.slice("/files/".length);

/** A request to append all of the rest, of which only the bytes up to `end` have come. */
async function hanging(
  wire: IetfWire,
  path: string,
  { offset = 0, end, coding = {} }: { offset?: number; end: number; coding?: Record<string, string> },
): Promise<RawConnection> {
  const length = "Transfer-Encoding" in coding ? coding : { "Content-Length": file.length - offset };
  const connection = await wire.begin(`PATCH ${path}`, { ...appendHeaders(offset, true), ...length });
  const part = file.subarray(offset, end);
  if ("Transfer-Encoding" in coding) await connection.send(chunked(part).subarray(0, -5));
  else await connection.send(part);
  await untilReceived(wire.server.data, end, idOf(path));
  return connection;
}

wireTest(
  "of a request that is cut off all that came is kept, and the rest makes the file whole",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    for (const coding of [{}, { "Transfer-Encoding": "chunked" }]) {
      const path = await wire.create();
      (await hanging(wire, path, { end: 100_000, coding }))[Symbol.dispose]();
      assertEquals(stateIn(await wire.ask(`HEAD ${path}`, OWN)), [204, "100000", "?0"]);
      (await hanging(wire, path, { offset: 100_000, end: 200_000, coding }))[Symbol.dispose]();
      assertEquals(stateIn(await wire.ask(`HEAD ${path}`, OWN)), [204, "200000", "?0"]);
      const last = await wire.append(path, { offset: 200_000, isLast: true }, file.subarray(200_000));
      assertEquals(stateIn(last), [204, "300000", "?1"]);
    }
    assertEquals(await wire.server.finished("file"), file);
    assertEquals(await wire.server.finished("file (2)"), file);
  },
);

wireTest(
  "a request that broke completes nothing, even if all bytes came and it said that it was the last one",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    const path = await wire.create({ "Upload-Length": file.length });
    // All but the end of the coding comes.
    const coding = { "Transfer-Encoding": "chunked" };
    (await hanging(wire, path, { end: file.length, coding }))[Symbol.dispose]();
    assertEquals(stateIn(await wire.ask(`HEAD ${path}`, OWN)), [204, "300000", "?0"]);
    assertEquals(await wire.server.finishedNames(), []);
    assertEquals(stateIn(await wire.append(path, { offset: 300_000, isLast: true }, "")), [204, "300000", "?1"]);
    assertEquals(await wire.server.finished("file"), file);
  },
);

wireTest("a client that still listens is told where to go on, of a creation too", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const headers = { "Upload-Complete": "?1", "Content-Length": file.length };
  using creation = await wire.begin("POST /files/", headers);
  await creation.send(file.subarray(0, 100_000));
  await untilReceived(wire.server.data, 100_000);
  await creation.finishSending();
  const answer = await creation.answer();
  assertEquals(stateIn(answer), [503, "100000", "?0"]);
  const path = answer.headers.get("location") ?? "";
  const last = await wire.append(path, { offset: 100_000, isLast: true }, file.subarray(100_000));
  assertEquals(stateIn(last), [204, "300000", "?1"]);
  assertEquals(await wire.server.finished("file"), file);
});

wireTest(
  "a question ends the request that still sends, and its offset is the one that the next append needs",
  async (openIetfWire) => {
    await using wire = await openIetfWire();
    const path = await wire.create();
    using older = await hanging(wire, path, { end: 100_000 });
    // It goes on sending: a server that waits for silence would wait.
    const sending = new AbortController();
    const feeding = feed(older, sending.signal);
    const question = await wire.ask(`HEAD ${path}`, OWN);
    sending.abort();
    assertEquals(await feeding, "still sending");
    const offset = Number(question.headers.get("upload-offset"));
    assert(offset >= 100_000, `The offset is ${offset}`);
    assertEquals(stateIn(await older.answer()), [409, String(offset), "?0"]);
    const last = await wire.append(path, { offset, isLast: true }, file.subarray(offset));
    assertEquals(stateIn(last), [204, "300000", "?1"]);
    assertEquals(await wire.server.finished("file"), file);
  },
);

/** Sends the file's bytes behind the first 100 000 in small pieces, until the signal aborts or there are no more. */
async function feed(connection: RawConnection, signal: AbortSignal): Promise<"still sending" | "has sent all"> {
  for (let at = 100_000; at < file.length - 10; at += 10) {
    if (signal.aborted) return "still sending";
    await connection.send(file.subarray(at, at + 10));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return "has sent all";
}

wireTest("an append takes the upload from a dead request, whose late bytes do not count", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create();
  using older = await hanging(wire, path, { end: 100_000 });
  const last = await wire.append(path, { offset: 100_000, isLast: true }, file.subarray(100_000));
  assertEquals(stateIn(last), [204, "300000", "?1"]);
  await older.send(new Uint8Array(1000));
  assertEquals((await older.answer()).status, 409);
  assertEquals(await wire.server.finished("file"), file);
});

wireTest("DELETE ends the request that still sends, and nothing of the upload is left", async (openIetfWire) => {
  await using wire = await openIetfWire();
  const path = await wire.create();
  using older = await hanging(wire, path, { end: 100_000 });
  assertEquals((await wire.ask(`DELETE ${path}`, OWN)).status, 204);
  await older.answer();
  assertEquals(await wire.server.incomingNames(), []);
  assertEquals((await wire.ask(`HEAD ${path}`, OWN)).status, 410);
});

wireTest("of two appends at one offset exactly one wins", async (openIetfWire) => {
  await using wire = await openIetfWire();
  for (let round = 0; round < 10; round++) {
    const path = await wire.create();
    const bodies = [someBytes(1000, 2 * round + 1), someBytes(1000, 2 * round + 2)];
    const answers = await Promise.all(bodies.map((body) => wire.append(path, { offset: 0, isLast: true }, body)));
    const won = answers.map(({ status }) => status === 204);
    assertEquals(won.filter(Boolean).length, 1, answers.map(({ status, body }) => `${status} ${body}`).join("\n"));
    assertEquals(answers[won.indexOf(false)]?.status, 409);
    const answer = await fetch(new URL(path, wire.server.url));
    assertEquals(await answer.bytes(), bodies[won.indexOf(true)]);
  }
});

wireTest("after a new start of the server an upload goes on from what was acknowledged", async (openIetfWire) => {
  await using first = await openIetfWire();
  const path = await first.create({ "Upload-Length": file.length });
  await first.append(path, { offset: 0 }, file.subarray(0, 100_000));
  const whole = await first.create({ "Upload-Length": 3 });
  await first.append(whole, { offset: 0 }, "ab");
  await first.server.stop();
  // The last byte was written, and a crash came before it was recorded.
  await testStore().addBytes(first.server.data, idOf(whole), new TextEncoder().encode("c"));
  await using second = await openIetfWire({ data: first.server.data });
  assertEquals(stateIn(await second.ask(`HEAD ${path}`, OWN)), [204, "100000", "?0"]);
  // It still waits for its client's word.
  assertEquals(stateIn(await second.ask(`HEAD ${whole}`, OWN)), [204, "3", "?0"]);
  assertEquals(stateIn(await second.append(whole, { offset: 3, isLast: true }, "")), [204, "3", "?1"]);
  const last = await second.append(path, { offset: 100_000, isLast: true }, file.subarray(100_000));
  assertEquals(stateIn(last), [204, "300000", "?1"]);
});

Deno.test("a refusal that passes by itself is a 5xx with its seconds", async () => {
  await using pawl = await openTestApp();
  const create = new Request("http://localhost/files/", { method: "POST", headers: { "Upload-Complete": "?0" } });
  const path = (await pawl.app(create)).headers.get("location")!;
  await pawl.interrupt();
  const ask = async (method: string, headers: Record<string, string> = {}, body: string | null = null) => {
    const answer = await pawl.app(
      new Request(new URL(path, "http://localhost"), {
        method,
        headers: { "Upload-Draft-Interop-Version": "6", ...headers },
        body,
      }),
    );
    return [answer.status, answer.headers.get("x-error"), answer.headers.get("retry-after")];
  };
  const appending = { "Upload-Offset": "0", "Upload-Complete": "?1", "Content-Type": "application/partial-upload" };
  assertEquals(await ask("PATCH", appending, "abc"), [503, "shutdown", "2"]);
  assertEquals(await ask("DELETE"), [503, "shutdown", "2"]);
});
