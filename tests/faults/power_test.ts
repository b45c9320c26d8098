import { assert } from "@std/assert";
import { EVERY } from "../support/campaign.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import { explore, type Tally } from "./explorer.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Short enough for a second crash at each step of the recovery from each first one. */
const CRASH_TWICE = ["an empty file", "giving up", "removing a finished file"];

Deno.test("a crash at any step, of the server or of its machine, takes nothing back that was acknowledged", async (test) => {
  using _mount = mountLossyDisks();
  const sum: Tally = { crashPoints: 0, worlds: 0, recoveries: 0, unverified: 0 };
  for (const scenario of SCENARIOS) {
    await test.step(scenario.name, async () => {
      const tally = await explore(scenario, CRASH_TWICE.includes(scenario.name) ? 2 : 1);
      assert(tally.crashPoints * EVERY > 5 && tally.recoveries > tally.crashPoints, JSON.stringify(tally));
      for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name];
    });
  }
  const { crashPoints, worlds, recoveries, unverified } = sum;
  // deno-lint-ignore no-console -- what was tried is worth a line
  console.log(
    `${SCENARIOS.length} scenarios, ${crashPoints} crash points, ${worlds} different worlds after them ` +
      `(${unverified} with a wrong body that nobody had refused yet), ${recoveries} recoveries, 0 bytes lost`,
  );
});
