import { assertEquals, assertRejects } from "@std/assert";
import { listenDuring } from "../../../client/async/listen_during.ts";

Deno.test("listenDuring() gives what the work comes to, and hears an abort that comes before that", async () => {
  let aborts = 0;
  const stop = new AbortController();
  const work = Promise.withResolvers<number>();
  const result = listenDuring(stop.signal, () => void aborts++, work.promise);
  assertEquals(aborts, 0);
  stop.abort();
  assertEquals(aborts, 1);
  work.resolve(7);
  assertEquals(await result, 7);
});

Deno.test("listenDuring() hears of an abort that came before it", async () => {
  let aborts = 0;
  assertEquals(await listenDuring(AbortSignal.abort(), () => void aborts++, Promise.resolve(7)), 7);
  assertEquals(aborts, 1);
});

Deno.test("listenDuring() hears nothing behind the end of the work, also if that failed", async () => {
  let aborts = 0;
  const stop = new AbortController();
  await listenDuring(stop.signal, () => void aborts++, Promise.resolve());
  await assertRejects(
    () => listenDuring(stop.signal, () => void aborts++, Promise.reject(new RangeError("No"))),
    RangeError,
  );
  stop.abort();
  assertEquals(aborts, 0);
});
