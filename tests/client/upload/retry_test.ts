import { assertEquals } from "@std/assert";
import { untilWoken } from "../../../client/upload/retry.ts";

/** A window that counts its listeners. */
class FakeWindow extends EventTarget {
  visibilityState = "visible";
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    const [, , options] = args;
    const { signal } = options as AddEventListenerOptions;
    this.listeners++;
    signal!.addEventListener("abort", () => this.listeners--);
    super.addEventListener(...args);
  }
}

async function isWokenBy(window: FakeWindow, name: string): Promise<boolean> {
  const over = new AbortController();
  let isWoken = false;
  const woken = untilWoken(over.signal, window).then(() => isWoken = !over.signal.aborted);
  window.dispatchEvent(new Event(name));
  await Promise.resolve();
  await Promise.resolve();
  over.abort();
  await woken;
  return isWoken;
}

Deno.test("untilWoken() resolves when the network is back, the page is seen again, or comes out of a sleep", async () => {
  const window = new FakeWindow();
  for (const name of ["online", "visibilitychange", "pageshow"]) {
    assertEquals([name, await isWokenBy(window, name)], [name, true]);
    assertEquals(window.listeners, 0, "No listener is left");
  }
});

Deno.test("untilWoken() sleeps on when the page is hidden, and at everything else", async () => {
  const window = new FakeWindow();
  window.visibilityState = "hidden";
  assertEquals(await isWokenBy(window, "visibilitychange"), false);
  assertEquals(await isWokenBy(window, "offline"), false);
  assertEquals(window.listeners, 0);
});

Deno.test("untilWoken() wakes when a page that was hidden is seen", async () => {
  const window = new FakeWindow();
  const over = new AbortController();
  let isWoken = false;
  const woken = untilWoken(over.signal, window).then(() => isWoken = true);
  window.visibilityState = "hidden";
  window.dispatchEvent(new Event("visibilitychange"));
  await Promise.resolve();
  assertEquals(isWoken, false);
  window.visibilityState = "visible";
  window.dispatchEvent(new Event("visibilitychange"));
  await woken;
});

Deno.test("untilWoken() resolves when it is aborted, also before", async () => {
  const window = new FakeWindow();
  const over = new AbortController();
  const woken = untilWoken(over.signal, window);
  over.abort();
  await woken;
  await untilWoken(AbortSignal.abort(), window);
  assertEquals(window.listeners, 0);
});

Deno.test("untilWoken() resolves by its signal alone where nobody tells of events, as in Node", async () => {
  const over = new AbortController();
  const woken = untilWoken(over.signal, {});
  over.abort();
  await woken;
});
