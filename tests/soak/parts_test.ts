import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Random } from "../support/random.ts";
import { Account, Promises } from "./account.ts";
import { DiskBudget } from "./disk_budget.ts";
import { graphOf, ticks } from "./graph.ts";
import { readOptions } from "./options.ts";
import { bytesOf, drawPipe, drawPlan } from "./plan.ts";
import { slopeOf } from "./slopes.ts";

function assertAlmostEquals(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("a slope is that of the line, and its error follows the noise and the number of samples", () => {
  const samples = (noise: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ at, value: 10 + at / 30 + (at % 2 === 0 ? noise : -noise) }));
  const exact = slopeOf(samples(0, 60))!;
  assertAlmostEquals(exact.perMinute, 2, 1e-9);
  assertAlmostEquals(exact.errorPerMinute, 0, 1e-9);
  const noisy = slopeOf(samples(5, 60))!;
  assert(Math.abs(noisy.perMinute - 2) < 2 * noisy.errorPerMinute);
  assertAlmostEquals(noisy.noise, 5, 0.3);
  assert(slopeOf(samples(5, 600))!.errorPerMinute < noisy.errorPerMinute / 20);
  assertEquals([slopeOf(samples(0, 2)), slopeOf([1, 2, 3].map((value) => ({ at: 1, value })))], [undefined, undefined]);
});

Deno.test("an offset below an acknowledged one, or above what was sent, is a fault", () => {
  let faults = 0;
  const account = new Account(() => void faults++);
  const promises = new Promises(account, "a file");
  promises.sent = 100;
  assertEquals([promises.take(50), promises.take(50), promises.take(100), faults], [true, true, true, 0]);
  assertEquals([promises.take(99), promises.take(101), promises.take(NaN), faults], [false, false, false, 3]);
  assertEquals(account.faults[0], "a file has 99 bytes, but 100 were acknowledged");
});

Deno.test("plans have every protocol, files of all sizes, and pipes above 1 GiB", () => {
  const random = new Random(1);
  const plans = Array.from({ length: 500 }, (_, number) => drawPlan(number, random));
  assertEquals([...new Set(plans.map(({ protocol }) => protocol))].sort(), ["form", "simple", "tus"]);
  for (const plan of plans) assert(bytesOf(plan) / plan.bytesPerSecond < 400 && plan.files.length > 0);
  const ids = plans.flatMap(({ files }) => files.map(({ id }) => id));
  assertEquals(new Set(ids).size, ids.length);
  const pipe = drawPipe(500, random);
  assert(pipe.isPiped && bytesOf(pipe) > 2 ** 30);
});

Deno.test("a disk's budget lets plans wait until others have given back, or the time is over", async () => {
  const budget = new DiskBudget(10);
  const over = new AbortController();
  const giveBack = await budget.take(8, over.signal);
  let isTaken = false;
  const second = budget.take(5, over.signal).then(() => void (isTaken = true));
  await Promise.resolve();
  assertEquals(isTaken, false);
  giveBack();
  await second;
  const third = budget.take(6, over.signal).then(() => "taken", () => "over");
  over.abort();
  assertEquals(await third, "over");
});

Deno.test("the graph is one SVG with each curve, each end of the server, and no number that is none", () => {
  const points = [1, 2, 3, 60].map((at) => ({ at, value: at * 10 }));
  const svg = graphOf(
    [{ title: "One", curves: [{ name: "a", points }, { name: "b", points: [] }] }, {
      title: "Two",
      curves: [{ name: "c", points }],
      isLogarithmic: true,
    }],
    [{ at: 10, how: "kill" }, { at: 20, how: "restart" }],
    60,
  );
  assertMatch(svg, /^<svg [^]*<\/svg>\n$/);
  assert(!/NaN|undefined|Infinity/.test(svg), svg);
  assertEquals(svg.match(/class="kill"/g)?.length, 2);
  // After a gap the curve begins anew.
  assertMatch(svg, /class="curve c0" d="M[\d. ]+L[\d. ]+L[\d. ]+M/);
  assertEquals([ticks(100), ticks(7), ticks(0.3)], [[0, 50, 100], [0, 2, 4, 6], [0, 0.1, 0.2, 0.3]]);
});

Deno.test("a soak takes minutes, people and a folder, and says what it does not take", () => {
  const usual = { minutes: 30, people: 200, dir: undefined, writeDocs: false };
  assertEquals(readOptions([]), usual);
  assertEquals(readOptions(["0.5", "--people", "3", "--write-docs"]), {
    ...usual,
    minutes: 0.5,
    people: 3,
    writeDocs: true,
  });
  for (const args of [["x"], ["0"], ["1", "2"], ["--people", "-1"], ["--other"]]) {
    assertThrows(() => readOptions(args), TypeError);
  }
});
