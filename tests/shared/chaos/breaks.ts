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
  breakOne: (deps: BreaksDeps) => Promise<void>,
): Promise<void> {
  for (;;) {
    await delay(deps.random.integer(least, most), { signal: deps.stop }).catch(() => {});
    if (deps.stop.aborted) return;
    await breakOne(deps);
  }
}

async function breakInstance({ site, account, random }: BreaksDeps): Promise<void> {
  const instance = site.instances[random.integer(0, site.instances.length - 1)]!;
  const how = random.pick(["kill -9", "SIGSTOP", "SIGTERM", "instance cut from the database", "instance mute"]);
  account.broke(how);
  switch (how) {
    case "kill -9":
      return void await instance.restart("SIGKILL");
    case "SIGTERM":
      return await end(instance, account);
    case "SIGSTOP":
      instance.signal("SIGSTOP");
      await delay(random.integer(100, 3000));
      return instance.signal("SIGCONT");
    default:
      instance.toDatabase.meet(how === "instance mute" ? "mute" : "cut");
      // The deadline of a statement is 5 seconds.
      await delay(random.chance(0.2) ? 6000 : random.integer(100, 3000));
      return instance.toDatabase.meet("none");
  }
}

/** An instance that is asked to end does so, though perhaps not in good order when something else is broken. */
async function end(instance: ChaosInstance, account: ChaosAccount): Promise<void> {
  const begunAt = performance.now();
  const code = await instance.restart("SIGTERM");
  const took = performance.now() - begunAt;
  if (code !== 0 && code !== 1) account.fault(`After SIGTERM ${instance.name} ended with code ${code}`);
  if (took > 60_000) account.fault(`After SIGTERM ${instance.name} took ${Math.round(took / 1000)} seconds`);
}

async function breakDatabase({ site, account, random }: BreaksDeps): Promise<void> {
  const isFailOver = random.chance(0.5);
  account.broke(isFailOver ? "fail-over of the database" : "database crash");
  if (isFailOver) await site.postgres.failOver();
  else await site.postgres.crash();
}

async function breakBucket({ site, account, random }: BreaksDeps): Promise<void> {
  const trouble = random.pick<Trouble>(["busy", "mute", "cut"]);
  account.broke(`S3 ${trouble}`);
  site.toBucket.meet(trouble);
  await delay(random.integer(100, 2500));
  site.toBucket.meet("none");
}
