import { assertEquals, assertRejects } from "@std/assert";
import { unlessAborted } from "../../../client/async/unless_aborted.ts";

/** A signal that counts those who listen to it. */
function countedSignal(): { abort: () => void; signal: AbortSignal; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  return { abort: () => controller.abort(), signal, listeners: () => listeners };
}

Deno.test("unlessAborted() gives what the work comes to, and listens no longer than that", async () => {
  const { signal, listeners } = countedSignal();
  assertEquals(await unlessAborted(signal, Promise.resolve(7)), 7);
  await assertRejects(() => unlessAborted(signal, Promise.reject(new RangeError("No"))), RangeError);
  assertEquals(listeners(), 0);
});

Deno.test("unlessAborted() waits for no work that never ends when it is aborted, also before", async () => {
  const { abort, signal, listeners } = countedSignal();
  const result = unlessAborted(signal, new Promise(() => {}));
  abort();
  assertEquals(await result, undefined);
  assertEquals(await unlessAborted(signal, new Promise(() => {})), undefined);
  assertEquals(listeners(), 0);
});

Deno.test("unlessAborted() leaves no rejection unhandled of work that fails after it was aborted", async () => {
  const { abort, signal } = countedSignal();
  const work = Promise.withResolvers<never>();
  const result = unlessAborted(signal, work.promise);
  abort();
  assertEquals(await result, undefined);
  work.reject(new RangeError("Too late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});
