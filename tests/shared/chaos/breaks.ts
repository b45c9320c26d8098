import { delay } from "@std/async/delay";
import type { Random } from "../../support/random.ts";
import type { Trouble } from "../../support/troubled_relay.ts";
import type { ChaosAccount } from "./account.ts";
import type { ChaosInstance, ChaosSite } from "./site.ts";

export interface BreaksDeps {
  readonly site: ChaosSite;
  readonly account: ChaosAccount;
  readonly random: Random;
  /** Aborts when nothing more is to be broken. */
  readonly stop: AbortSignal;
}

/** Breaks one thing after the other, at three places at the same time, and mends each. Resolves when all is whole. */
export async function breakThings({ random, ...deps }: BreaksDeps): Promise<void> {
  const own = () => ({ ...deps, random: random.fork() });
  await Promise.all([
    again(own(), [300, 1500], breakInstance),
    again(own(), [3000, 9000], breakDatabase),
    again(own(), [1500, 5000], breakBucket),
  ]);
}

async function again(
  deps: BreaksDeps,
  [least, most]: readonly [number, number],
  breakOne: (deps: BreaksDeps) => Promise<string>,
): Promise<void> {
  for (;;) {
    await delay(deps.random.integer(least, most), { signal: deps.stop }).catch(() => {});
    if (deps.stop.aborted) return;
    const broken = await breakOne(deps);
    deps.account.say(`whole again: ${broken}`);
  }
}

async function breakInstance({ site, account, random }: BreaksDeps): Promise<string> {
  const instance = site.instances[random.integer(0, site.instances.length - 1)]!;
  const how = random.pick(["kill -9", "SIGSTOP", "SIGTERM", "instance cut from the database", "instance mute"]);
  account.broke(how);
  if (how === "kill -9") await instance.restart("SIGKILL");
  else if (how === "SIGTERM") await end(instance, account);
  else if (how === "SIGSTOP") {
    instance.signal("SIGSTOP");
    await delay(random.integer(100, 3000));
    instance.signal("SIGCONT");
  } else {
    instance.toDatabase.meet(how === "instance mute" ? "mute" : "cut");
    // The deadline of a statement is 5 seconds.
    await delay(random.chance(0.2) ? 6000 : random.integer(100, 3000));
    instance.toDatabase.meet("none");
  }
  return `${how} of ${instance.name}`;
}

/** How long an instance may take to end in good order, in milliseconds. */
const LONGEST_END_MS = 60_000;

/** An instance that is asked to end does so, though perhaps not in good order when something else is broken. */
async function end(instance: ChaosInstance, account: ChaosAccount): Promise<void> {
  const late = setTimeout(() => {
    account.fault(`After SIGTERM ${instance.name} has not ended within ${LONGEST_END_MS / 1000} seconds`);
    instance.signal("SIGKILL");
  }, LONGEST_END_MS);
  const code = await instance.restart("SIGTERM", () => clearTimeout(late));
  if (code !== 0 && code !== 1 && code !== 137) account.fault(`After SIGTERM ${instance.name} ended with code ${code}`);
}

async function breakDatabase({ site, account, random }: BreaksDeps): Promise<string> {
  const how = random.pick(["fail-over of the database", "fail-over from a frozen primary", "database crash"]);
  account.broke(how);
  if (how === "database crash") await site.postgres.crash();
  else if (how === "fail-over of the database") await site.postgres.failOver();
  // The deadline of a statement is 5 seconds.
  else await site.postgres.freezeOver(() => delay(random.integer(1000, 12_000)));
  return how;
}

async function breakBucket({ site, account, random }: BreaksDeps): Promise<string> {
  const trouble = random.pick<Trouble>(["busy", "mute", "cut"]);
  account.broke(`S3 ${trouble}`);
  site.toBucket.meet(trouble);
  await delay(random.integer(100, 2500));
  site.toBucket.meet("none");
  return `S3 ${trouble}`;
}
