import { assertEquals, assertRejects } from "@std/assert";
import { Counting } from "../../../server/uploads/counting.ts";

/** Counting whose counts end when the test lets them; writes down what happens, in its order. */
function setUp() {
  const events: string[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  let now = 0;
  const counting = new Counting(
    async () => {
      events.push("count begins");
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise;
      events.push("count ends");
    },
    () => now,
  );
  const change = (name: string, until: Promise<void> = Promise.resolve()) => async () => {
    events.push(`${name} begins`);
    await until;
    events.push(`${name} ends`);
  };
  return { counting, events, ends, change, pass: (ms: number) => now += ms };
}

Deno.test("a change that is under way when a count begins is in it, and one that comes meanwhile waits for it", async () => {
  const { counting, events, ends, change } = setUp();
  const early = Promise.withResolvers<void>();
  const first = counting.around(change("early", early.promise), false);
  const second = counting.around(change("late"), true);
  await settled();
  assertEquals(events, ["early begins"]);
  early.resolve();
  await first;
  await settled();
  assertEquals([events.splice(0), counting.isReady], [["early begins", "early ends", "count begins"], false]);
  ends[0]!.resolve();
  await second;
  assertEquals([events, counting.isReady], [["count ends", "late begins", "late ends"], true]);
});

Deno.test("nothing is counted until a change needs it, and a count that fails is made again by the next one", async () => {
  const { counting, events, ends, change } = setUp();
  await counting.around(change("free"), false);
  assertEquals(events.splice(0), ["free begins", "free ends"]);
  const needy = counting.around(change("needy"), true);
  await settled();
  ends[0]!.reject(new Error("The disk fails"));
  await assertRejects(() => needy, Error, "The disk fails");
  const next = counting.around(change("next"), true);
  await settled();
  ends[1]!.resolve();
  await next;
  assertEquals(events, ["count begins", "count begins", "count ends", "next begins", "next ends"]);
});

Deno.test("all is counted anew ten minutes after the last count, and not before", async () => {
  const { counting, events, ends, pass } = setUp();
  const first = counting.done(true);
  await settled();
  ends[0]!.resolve();
  await first;
  pass(10 * 60_000 - 1);
  assertEquals(await counting.again(), false);
  pass(1);
  const again = counting.again();
  await settled();
  ends[1]!.resolve();
  assertEquals(await again, true);
  assertEquals(events, ["count begins", "count ends", "count begins", "count ends"]);
});

/** Lets everything run that can. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
