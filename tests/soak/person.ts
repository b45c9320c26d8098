import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "../support/random.ts";
import { compareAndDelete } from "./finished.ts";
import { FormUpload } from "./form_upload.ts";
import type { Plan } from "./plan.ts";
import type { Town } from "./town.ts";
import { FileUpload } from "./upload.ts";

const GIB = 2 ** 30;

/**
 * One person: uploads one plan after the other, goes on after every break, compares each finished file, and deletes it.
 * Resolves when the time is over.
 */
export async function live(town: Town, random: Random, next: () => Promise<{ plan: Plan; done: () => void }>) {
  const { stop, account } = town;
  while (!stop.aborted) {
    try {
      // Not all begin in the same moment.
      await wait(random.integer(0, 5000), undefined, { signal: stop });
      const { plan, done } = await next();
      if (await uploadAll(town, random, plan)) done();
    } catch (error) {
      if (stop.aborted) return;
      account.fault(`A person stumbles: ${error instanceof Error ? error.stack : error}`);
    }
  }
}

/** Uploads the files of a plan, and sees to their ends. False if the time is over before. */
async function uploadAll(town: Town, random: Random, plan: Plan): Promise<boolean> {
  const { stop, account, kept } = town;
  const journey = plan.protocol === "form" ? new FormUpload(town, plan, random) : new FileUpload(town, plan, random);
  while (!journey.isFinished) {
    if (stop.aborted) {
      if (journey instanceof FileUpload) town.unfinished.push(journey);
      return false;
    }
    await journey.goOn().catch(() => pause(random, stop));
  }
  account.uploads++;
  for (const file of journey.files()) {
    account.finishedBytes += file.source.size;
    if (plan.isPiped && file.source.size > GIB) account.pipedOverGib++;
    if (plan.isKept) kept.push(file);
    else await compareAndDelete(town, file);
  }
  return !stop.aborted;
}

/** A moment after a connection broke or nobody listened. */
async function pause(random: Random, signal: AbortSignal): Promise<void> {
  await wait(random.integer(100, 1500), undefined, { signal }).catch(() => {});
}
