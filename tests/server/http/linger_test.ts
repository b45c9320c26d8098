import { assertEquals } from "@std/assert";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { linger } from "../../../server/http/linger.ts";

const SILENT_MS = 100;

/** Lingers over a stream in the place of a message. `told` resolves when the client is told that nothing more comes. */
function lingering({ mayWait = true, forMs = 60_000 } = {}) {
  const message = new PassThrough();
  const told = Promise.withResolvers<void>();
  const closeWrite = () => {
    told.resolve();
    return mayWait;
  };
  const bounds = { bytes: 1000, forMs, silentMs: SILENT_MS, ending: new AbortController().signal, closeWrite };
  // The cast is right because only the events of a stream are used.
  return { message, told: told.promise, over: linger(message as unknown as IncomingMessage, bounds) };
}

Deno.test("a server that was busy itself does not take its client for silent", async () => {
  // A client that is taken for silent loses its connection, and the test sees it.
  const { message, over } = lingering({ mayWait: false });
  let isOver = false;
  over.then(() => isOver = true);
  for (let times = 0; times < 3; times++) {
    for (const end = performance.now() + 2 * SILENT_MS; performance.now() < end;);
    // The timers that are due come first, and then what came meanwhile.
    await setImmediate();
    await setImmediate();
    message.write("more");
    await setImmediate();
    assertEquals(isOver, false);
  }
  message.end();
  await over;
});

Deno.test("a client that is silent is not waited for where the end of its answer is the end of its connection", async () => {
  await lingering({ mayWait: false }).over;
});

Deno.test("a client that is silent is told that nothing more comes, and may go on sending for the rest of the time", async () => {
  const { message, told, over } = lingering();
  let isOver = false;
  over.then(() => isOver = true);
  await told;
  message.write("more");
  await setImmediate();
  assertEquals(isOver, false);
  message.end();
  await over;
});

Deno.test("a client that was told, and is silent for ever, is waited for no longer than the time", async () => {
  await lingering({ forMs: 2 * SILENT_MS }).over;
});
