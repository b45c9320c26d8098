import { assertEquals } from "@std/assert";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { linger } from "../../../server/http/linger.ts";

const SILENT_MS = 100;

/** Lingers over a stream in the place of a message. */
function lingering(): { message: PassThrough; over: Promise<void> } {
  const message = new PassThrough();
  const bounds = { bytes: 1000, forMs: 60_000, silentMs: SILENT_MS, ending: new AbortController().signal };
  // The cast is right because only the events of a stream are used.
  return { message, over: linger(message as unknown as IncomingMessage, bounds) };
}

Deno.test("a server that was busy itself does not take its client for silent", async () => {
  const { message, over } = lingering();
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

Deno.test("a client that is silent is not waited for", async () => {
  await lingering().over;
});
