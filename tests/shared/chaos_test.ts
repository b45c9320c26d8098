import { delay } from "@std/async/delay";
import { extent } from "../support/campaign.ts";
import { cephTest } from "../support/ceph.ts";
import { Random, seedOfRun, withSeed } from "../support/random.ts";
import { ChaosAccount } from "./chaos/account.ts";
import { breakThings } from "./chaos/breaks.ts";
import { runClient } from "./chaos/client.ts";
import { openChaosSite } from "./chaos/site.ts";
import { PROTOCOLS } from "./chaos/words.ts";

/** How long things are broken, in seconds. */
const SECONDS = Number(Deno.env.get("PAWL_SECONDS") ?? extent({ short: 60, long: 600 }));
/** How long the files take that are on their way when all is whole again, in milliseconds. What takes longer is stuck. */
const REST_MS = 120_000;
const CLIENTS = 6;

cephTest(
  "whatever breaks among three instances, the database and S3, no byte is wrong, no offset falls back, nothing hangs",
  async () => {
    const random = new Random(seedOfRun());
    const account = new ChaosAccount();
    await using site = await openChaosSite();
    const [stop, over] = [new AbortController(), new AbortController()];
    const deps = { site, account };
    const clients = Array.from(
      { length: CLIENTS },
      (_, number) =>
        runClient(`client-${number}`, PROTOCOLS[number % PROTOCOLS.length]!, {
          ...deps,
          random: random.fork(),
          stop: stop.signal,
          over: over.signal,
        }),
    );
    const breaking = breakThings({ ...deps, random: random.fork(), stop: stop.signal });
    const output = () => site.instances.map((instance) => `${instance.name}:\n${instance.output()}`).join("\n");
    await withSeed(random.seed, async () => {
      const end = performance.now() + SECONDS * 1000;
      while (performance.now() < end && account.faults.length === 0) await delay(100);
      stop.abort();
      await breaking;
      const patience = setTimeout(() => over.abort(), REST_MS);
      await Promise.all(clients);
      clearTimeout(patience);
      for (const instance of site.instances) {
        const bug = instance.output().split("\n").find((line) =>
          /\[FATAL\]|\b(?:Type|Range|Reference)Error\b|panicked/.test(line)
        );
        if (bug !== undefined) account.fault(`${instance.name} has logged: ${bug}`);
      }
      if (account.faults.length > 0) throw new Error(account.faults.join("\n"));
    }, output);
    // deno-lint-ignore no-console -- the figures of a run belong beside its result
    console.log(`${account.told}; PAWL_SEED=${random.seed}`);
  },
);
