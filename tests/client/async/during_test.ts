import { assertEquals, assertRejects } from "@std/assert";
import { during } from "../../../client/async/during.ts";

Deno.test("during() gives the result of the work, and its signal aborts when the work has ended", async () => {
  for (const signal of [undefined, new AbortController().signal]) {
    let given: AbortSignal | undefined;
    const result = await during(signal, (over) => {
      given = over;
      return Promise.resolve(over.aborted);
    });
    assertEquals([result, given!.aborted], [false, true]);
  }
});

Deno.test("during() aborts its signal when the work fails, too, and passes the error on", async () => {
  let given: AbortSignal | undefined;
  const work = (over: AbortSignal) => {
    given = over;
    return Promise.reject(new RangeError("No"));
  };
  await assertRejects(() => during(undefined, work), RangeError, "No");
  assertEquals(given!.aborted, true);
});

Deno.test("during() aborts its signal while the work goes on, when the signal outside aborts, also before", async () => {
  const outer = new AbortController();
  const early = during(outer.signal, async (over) => {
    outer.abort();
    await Promise.resolve();
    return over.aborted;
  });
  assertEquals(await early, true);
  assertEquals(await during(AbortSignal.abort(), (over) => Promise.resolve(over.aborted)), true);
});
