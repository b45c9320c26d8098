import { assertEquals } from "@std/assert";
import type { Appender } from "../../../server/storage/store.ts";
import { Pauses } from "../../../server/receiving/pauses.ts";
import { SpareBuffers } from "../../../server/receiving/spare_buffers.ts";
import { receive, type ReceiveOptions } from "../../../server/receiving/receive.ts";
import { someBytes } from "../../support/bytes.ts";
import { brokenBody, pieces } from "../../support/simple_client.ts";
import { virtualTime } from "../../support/virtual_time.ts";

interface MemoryAppender extends Appender {
  readonly bytes: number[];
}

function memoryAppender(capacity = Infinity): MemoryAppender {
  const bytes: number[] = [];
  return {
    bytes,
    get length() {
      return bytes.length;
    },
    write(piece) {
      const room = capacity - bytes.length;
      bytes.push(...piece.subarray(0, room));
      if (piece.length <= room) return Promise.resolve();
      return Promise.reject(Object.assign(new Error("No space left on device"), { code: "ENOSPC" }));
    },
    flush: () => Promise.resolve(),
    checkpoint: () => Promise.resolve(bytes.length),
    cut: (length) => Promise.resolve(void (bytes.length = length)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function options(wishes: Partial<ReceiveOptions> = {}): ReceiveOptions {
  const { signal } = new AbortController();
  return {
    limit: Infinity,
    expected: undefined,
    idleMs: 1000,
    minBytesPerSecond: 0,
    onArrived: () => {},
    rateGraceMs: 0,
    stop: signal,
    pauses: new Pauses(),
    buffers: new SpareBuffers(),
    onPiece: () => {},
    ...wishes,
  };
}

const part = someBytes(100);

Deno.test("receive() appends a body to its end", async () => {
  const appender = memoryAppender();
  const received = await receive(pieces(part, part), appender, options({ expected: 200, limit: 200 }));
  assertEquals([received.received, received.end], [200, "whole"]);
  assertEquals(appender.bytes, [...part, ...part]);
  assertEquals((await receive(null, appender, options())).end, "whole");
  assertEquals((await receive(pieces(), appender, options({ expected: 0, limit: 0 }))).end, "whole");
});

Deno.test("receive() of a body that breaks, or ends before its length, keeps what came", async () => {
  for (const body of [brokenBody(part), pieces(part)]) {
    const appender = memoryAppender();
    const { received, end } = await receive(body, appender, options({ expected: 200 }));
    assertEquals([received, end, appender.bytes.length], [100, "disconnected", 100]);
  }
});

Deno.test("receive() does not append a read that goes past the limit", async () => {
  const appender = memoryAppender();
  const { received, end } = await receive(pieces(part, part), appender, options({ limit: 150 }));
  assertEquals([received, end], [100, "too-long"]);
});

Deno.test("receive() tells a full disk from one that fails, and counts what was written", async () => {
  const full = await receive(pieces(part, part), memoryAppender(130), options());
  assertEquals([full.received, full.end], [130, "disk-full"]);
  const failing = { ...memoryAppender(), length: 0, write: () => Promise.reject(new Error("EIO")) };
  assertEquals((await receive(pieces(part), failing, options())).end, "failed");
  const onPiece = () => {
    throw new Error("an earlier flush has failed");
  };
  assertEquals((await receive(pieces(part), memoryAppender(), options({ onPiece }))).end, "failed");
});

Deno.test("receive() ends a body that is silent for too long, and leaves the rest of it to be read", async () => {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (controller) => controller.enqueue(part) });
  using time = virtualTime();
  const { received, end } = await time.run(receive(body, memoryAppender(), options({ idleMs: 30 })));
  assertEquals([received, end], [100, "idle"]);
  assertEquals(body.locked, false);
});

Deno.test("receive() ends a body that comes too slowly, and not one that is fast enough, after a grace period", async () => {
  function dripping(bytes: number, everyMs: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let left = 20;
    return new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
        if (left-- > 0) controller.enqueue(someBytes(bytes));
        else controller.close();
      },
    });
  }
  using time = virtualTime();
  const rate = { minBytesPerSecond: 10_000, rateGraceMs: 50 };
  const slow = await time.run(receive(dripping(10, 10), memoryAppender(), options(rate)));
  assertEquals(slow.end, "too-slow");
  assertEquals(slow.received > 0 && slow.received < 200, true);
  assertEquals((await time.run(receive(dripping(10_000, 10), memoryAppender(), options(rate)))).end, "whole");
  const patient = { ...rate, rateGraceMs: 10_000 };
  assertEquals((await time.run(receive(dripping(10, 1), memoryAppender(), options(patient)))).end, "whole");
});

Deno.test("receive() that is asked to stop keeps what has arrived, and nothing that comes later", async () => {
  const stop = new AbortController();
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (given) => void (controller = given) });
  const appender = memoryAppender();
  const receiving = receive(body, appender, options({ stop: stop.signal, expected: 1000 }));
  controller!.enqueue(part);
  await new Promise((resolve) => setTimeout(resolve, 0));
  stop.abort("taken-over");
  const { received, end } = await receiving;
  assertEquals([received, end], [100, "taken-over"]);
  controller!.enqueue(part);
  assertEquals(appender.bytes.length, 100);
});

Deno.test("receive() that is asked to stop with its last bytes is complete", async () => {
  const stop = new AbortController();
  const onPiece = () => stop.abort("taken-over");
  const wishes = { stop: stop.signal, expected: 100, onPiece };
  assertEquals((await receive(pieces(part), memoryAppender(), options(wishes))).end, "whole");
});

Deno.test("receive() that is asked to stop ends, however fast the client goes on", async () => {
  const stop = AbortSignal.abort("shutdown");
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      controller.enqueue(part.slice());
    },
  });
  const { end } = await receive(endless, memoryAppender(), options({ stop }));
  assertEquals(end, "shutdown");
  await endless.cancel();
  // The stream's own first pull.
  await new Promise((resolve) => setTimeout(resolve, 1));
});
