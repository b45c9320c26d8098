import { assert } from "@std/assert";
import { EVERY, firstStep } from "../support/campaign.ts";
import { ALL_SURVIVORS } from "../support/lossy_nodes.ts";
import type { Scenario } from "./scenarios.ts";
import { proceed, type Sender } from "./sender.ts";
import {
  assertAllKnown,
  check,
  copyOf,
  describe,
  drawingOf,
  type Expected,
  newWorld,
  run,
  type World,
} from "./world.ts";

/** The numbers of what was tried. */
export interface Tally {
  /** Steps at which the power was lost, or the process was killed. */
  crashPoints: number;
  /** Different worlds that crashes have left. */
  worlds: number;
  /** Ways on from there that were gone to their end. */
  recoveries: number;
  /** Worlds in which a body was kept whose own digest nobody could check any more. */
  unverified: number;
}

/** How the clients, and the server that starts again, go on after a crash. */
interface Recovery extends Expected {
  readonly name: string;
  run(sender: Sender, scenario: Scenario): Promise<unknown>;
}

const RECOVERIES: readonly Recovery[] = [
  {
    name: "after repair",
    atItsEnd: true,
    async run(sender, { files }) {
      await sender.repair();
      assertAllKnown(sender);
      for (const file of files) await proceed(sender, file);
    },
  },
  {
    name: "by asking",
    atItsEnd: true,
    async run(sender, { files }) {
      for (const file of files) await proceed(sender, file);
    },
  },
  {
    name: "by sending",
    atItsEnd: true,
    async run(sender, { files }) {
      for (const file of files) {
        const count = sender.ledger.count(file);
        if (count > 0 && count < file.content.length) await sender.send(file, count);
        await proceed(sender, file);
      }
    },
  },
  {
    name: "by starting over",
    atItsEnd: true,
    async run(sender, { files }) {
      for (const file of files) {
        sender.ledger.startingOver(file);
        if (file.wanted !== "removed") await sender.send(file, 0);
        await proceed(sender, file);
      }
    },
  },
  {
    name: "by giving up",
    atItsEnd: false,
    async run(sender, { files }) {
      for (const file of files) await (file.wanted === "removed" ? proceed(sender, file) : sender.terminate(file));
    },
  },
];

/**
 * Runs a scenario as often as it has steps, crashes before each of them and after the last, and goes on in every way
 * from everything that such a crash may leave. With a `depth` of 2 it crashes once more, at each step of that; and so
 * on.
 */
export async function explore(scenario: Scenario, depth: number): Promise<Tally> {
  const tally: Tally = { crashPoints: 0, worlds: 0, recoveries: 0, unverified: 0 };
  const known = new Set<string>();
  using world = newWorld();
  await crashEverywhere(world, (sender) => scenario.run(sender), depth);
  return tally;

  async function crashEverywhere(from: World, activity: (sender: Sender) => Promise<unknown>, depth: number) {
    let isComplete = false;
    for (let at = firstStep(scenario.name); !isComplete; at += EVERY) {
      tally.crashPoints++;
      using world = copyOf(from);
      isComplete = await runUntil(at, { world, scenario, activity });
      for (const next of worldsAfter(world)) {
        using _next = next;
        await goOn(next, depth, `crash point ${at}`);
      }
    }
  }

  async function goOn(world: World, depth: number, where: string): Promise<void> {
    const key = describe(world);
    if (known.has(key)) return;
    known.add(key);
    tally.worlds++;
    tally.unverified += world.ledger.doubts;
    for (const recovery of RECOVERIES) {
      tally.recoveries++;
      try {
        await recover(world, recovery);
      } catch (error) {
        throw new Error(`${scenario.name}, ${where}, ${recovery.name}, from\n${drawingOf(world)}`, { cause: error });
      }
      if (depth > 1) await crashEverywhere(world, (sender) => recovery.run(sender, scenario), depth - 1);
    }
  }

  async function recover(from: World, recovery: Recovery): Promise<void> {
    using world = copyOf(from);
    const isComplete = await run(world, scenario, async (sender) => {
      await recovery.run(sender, scenario);
      await check(world, scenario, sender.pawl, recovery);
      assert(!sender.pawl.log.lines.some((line) => /^(error|warning)/.test(line)), sender.pawl.log.lines.join("\n"));
    });
    assert(isComplete);
    // All that was said stays true, even if nothing survives that was not flushed.
    using after = newWorld(world.disk.afterLoss({ bytes: "none", names: "none" }), world.ledger);
    await run(after, scenario, (sender) => check(after, scenario, sender.pawl, recovery));
  }
}

/** The worlds in which a process is killed whose server has written more than it has recorded. */
export async function* worldsWithRest(scenario: Scenario): AsyncIterable<World> {
  let isComplete = false;
  for (let at = firstStep(scenario.name); !isComplete; at += EVERY) {
    using world = newWorld();
    isComplete = await runUntil(at, { world, scenario, activity: (sender) => scenario.run(sender) });
    const receiving = [...world.disk.tables.uploads.values()].filter((upload) => upload.state === "receiving");
    const files = world.disk.files("incoming");
    if (receiving.some(({ id, offset }) => (files.get(id)?.length ?? 0) > offset)) yield copyOf(world);
  }
}

/** Lets something go on until its end, true, or until a crash before the `at`th step that changes anything. */
async function runUntil(
  at: number,
  { world, scenario, activity }: {
    world: World;
    scenario: Scenario;
    activity(sender: Sender): Promise<unknown>;
  },
): Promise<boolean> {
  return await run(world, scenario, (sender) => {
    let steps = 0;
    world.disk.interfere = ({ kind }) => {
      if (kind !== "look" && ++steps === at) world.disk.cutPower();
      return undefined;
    };
    return activity(sender);
  });
}

function* worldsAfter({ disk, ledger }: World): Iterable<World> {
  yield newWorld(disk.afterKill(), ledger.copy());
  for (const survivors of ALL_SURVIVORS) yield newWorld(disk.afterLoss(survivors), ledger.copy());
}
