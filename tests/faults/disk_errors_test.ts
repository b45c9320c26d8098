import { assert, assertEquals } from "@std/assert";
import { EVERY, firstStep } from "../support/campaign.ts";
import type { Fault, Step } from "../support/lossy_disk.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import type { Answer } from "../support/simple_client.ts";
import { worldsWithRest } from "./explorer.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { proceed, type Sender } from "./sender.ts";
import { check, copyOf, describe, drawingOf, newWorld, run, type World } from "./world.ts";

type Kinds = readonly Step["kind"][];

/** The error with which steps of some kinds fail. */
interface Trouble {
  readonly name: string;
  readonly kinds: Kinds;
  readonly error: Error;
  /** The answer to the request in which that happens. */
  readonly status: number;
  /** The write before it takes a half of its bytes. */
  readonly short?: true;
  /** The step happens nevertheless. */
  readonly late?: true;
}

const ON_DISK: Kinds = ["write", "flush", "cut", "create", "link", "make folder", "flush folder"];
const EIO = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
const ENOSPC = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });

const TROUBLES: readonly Trouble[] = [
  { name: "EIO", kinds: [...ON_DISK, "touch", "look", "remove"], error: EIO, status: 500 },
  { name: "ENOSPC", kinds: ON_DISK, error: ENOSPC, status: 507 },
  { name: "ENOSPC after a short write", kinds: ["write"], error: ENOSPC, status: 507, short: true },
  { name: "a database that fails", kinds: ["commit"], error: new Error("disk I/O error"), status: 500 },
  {
    name: "a database that fails late",
    kinds: ["commit"],
    error: new Error("disk I/O error"),
    status: 500,
    late: true,
  },
  { name: "a database without space", kinds: ["commit"], error: new Error("database or disk is full"), status: 507 },
];

/** The other steps that fail from then on, until the clients are done. */
interface Lasting {
  readonly name: string;
  /** The kinds of steps that it begins with, where not with any. */
  readonly first?: Kinds;
  readonly kinds: (first: Step["kind"]) => Kinds;
  /** More than a process that starts after it can know of. */
  readonly isKnownToProcess?: true;
}

const LASTING: readonly Lasting[] = [
  { name: "once", kinds: () => [] },
  { name: "again and again", kinds: (first) => [first] },
  {
    name: "again and again, and the database as well",
    first: ["write", "flush", "cut"],
    kinds: (first) => [first, "commit"],
  },
  {
    name: "again and again, and the database and every cut as well",
    first: ["write", "flush"],
    kinds: (first) => [first, "cut", "commit"],
    isKnownToProcess: true,
  },
];

Deno.test("a step that fails is not told as a success, and nothing is lost by it", async (test) => {
  using _mount = mountLossyDisks();
  const sum = { faults: 0, worlds: 0 };
  for (const scenario of SCENARIOS) {
    await test.step(scenario.name, async () => {
      using from = newWorld();
      await failEverywhere({ scenario, from, activity: (sender) => scenario.run(sender), known: new Set() }, sum);
    });
  }
  // deno-lint-ignore no-console -- what was tried is worth a line
  console.log(
    `${SCENARIOS.length} scenarios, ${sum.faults} faults, ${sum.worlds} different worlds after them, 0 bytes lost`,
  );
});

Deno.test("a body that was refused does not come back when its taking back fails", async () => {
  using _mount = mountLossyDisks();
  const scenario = SCENARIOS[0]!;
  const file = scenario.files[0]!;
  for (const kinds of [["commit"], ["cut"], ["commit", "cut"]]) {
    using world = newWorld();
    await run(world, scenario, async (sender) => {
      await sender.send(file, 0, file.content.slice(0, 70));
      world.disk.interfere = ({ kind }) => kinds.includes(kind) ? { error: EIO } : undefined;
      const { status } = await sender.send(file, 70, new Uint8Array(70), {
        "Content-Digest": `sha-256=:${"A".repeat(43)}=:`,
      });
      world.disk.interfere = () => undefined;
      assertEquals([kinds, status], [kinds, 500]);
      if (kinds.length === 1) await goOn(copyOf(world), scenario, new Set());
      assertEquals((await sender.status(file)).count, 70);
      await proceedAll(world, scenario, sender);
    });
  }
});

Deno.test("a step that fails while a killed server's bytes are looked at does not make lost ones count", async () => {
  using _mount = mountLossyDisks();
  const sum = { faults: 0, worlds: 0 };
  const known = new Set<string>();
  for (const scenario of SCENARIOS.filter(({ name }) => /^(one request|a body that is cut)/.test(name))) {
    for await (const from of worldsWithRest(scenario)) {
      using _from = from;
      const activity = async (sender: Sender) => {
        const file = scenario.files[0]!;
        const { count, isKnown } = await sender.status(file);
        if (isKnown) await sender.send(file, count);
      };
      await failEverywhere({ scenario, from, activity, known }, sum);
    }
  }
  assert(sum.faults * EVERY > 100, `${sum.faults} faults`);
});

/** The work of the clients, and its checks. */
interface Case {
  readonly scenario: Scenario;
  readonly from: World;
  readonly activity: (sender: Sender) => Promise<unknown>;
  /** The worlds that were gone on from. */
  readonly known: Set<string>;
}

async function failEverywhere(tried: Case, sum: { faults: number; worlds: number }): Promise<void> {
  const before = tried.known.size;
  const first = firstStep(tried.scenario.name);
  const steps = await stepsOf(tried);
  for (const trouble of TROUBLES) {
    for (const lasting of LASTING) {
      const count = steps.filter((kind) => canBegin(kind, { trouble, lasting })).length;
      for (let at = first; at <= count && await fail(at, tried, { trouble, lasting }); at += EVERY) sum.faults++;
    }
  }
  sum.worlds += tried.known.size - before;
}

/** The kinds of all steps, in their order, where nothing fails. */
async function stepsOf({ scenario, from, activity }: Case): Promise<Kinds> {
  const kinds: Step["kind"][] = [];
  using world = copyOf(from);
  await run(world, scenario, async (sender) => {
    sender.disk.interfere = ({ kind }) => {
      kinds.push(kind);
      return undefined;
    };
    await activity(sender);
  });
  return kinds;
}

/** Whether a trouble can begin with a step of this kind. */
function canBegin(kind: Step["kind"], { trouble, lasting }: { trouble: Trouble; lasting: Lasting }): boolean {
  return trouble.kinds.includes(kind) && (lasting.first?.includes(kind) ?? true);
}

/** Lets the `at`th step that can have this trouble fail. False when there are not so many. */
async function fail(
  at: number,
  { scenario, from, activity, known }: Case,
  { trouble, lasting }: { trouble: Trouble; lasting: Lasting },
): Promise<boolean> {
  let failed: Step | undefined;
  using world = copyOf(from);
  try {
    await run(world, scenario, async (sender) => {
      const plan = planOf(at, sender, { trouble, lasting });
      await activity(sender);
      world.disk.interfere = () => undefined;
      failed = plan.failed;
      if (failed === undefined) return;
      for (const next of worldsAfter(world, lasting)) await goOn(next, scenario, known);
      if (!scenario.endsServer) await proceedAll(world, scenario, sender);
    });
  } catch (error) {
    const what = `${scenario.name}: ${trouble.name}, ${lasting.name}, the ${at}th, ${failed?.kind} ${failed?.path}`;
    throw new Error(`${what}, in\n${drawingOf(world)}`, { cause: error });
  }
  return failed !== undefined;
}

/** Lets the disk fail, and looks at the answer to the request in which it does. */
function planOf(
  at: number,
  sender: Sender,
  { trouble, lasting }: { trouble: Trouble; lasting: Lasting },
): { failed: Step | undefined } {
  const { error, short, late, status } = trouble;
  const plan: { failed: Step | undefined } = { failed: undefined };
  let steps = 0;
  let isOnlyRequest = false;
  sender.disk.interfere = (step): Fault | undefined => {
    if (plan.failed !== undefined) {
      const isNextWrite = short && step.kind === "write" && steps++ === at;
      return isNextWrite || lasting.kinds(plan.failed.kind).includes(step.kind) ? { error } : undefined;
    }
    if (!canBegin(step.kind, { trouble, lasting }) || ++steps !== at) return undefined;
    plan.failed = step;
    isOnlyRequest = sender.underWay === 1;
    return { error, ...short && { short }, ...late && { late } };
  };
  sender.onAnswer = (method, answer) => {
    if (plan.failed !== undefined && isOnlyRequest) checkAnswer(plan.failed, { method, answer, status });
    isOnlyRequest = false;
  };
  return plan;
}

function checkAnswer(
  { kind, path }: Step,
  { method, answer, status }: { method: string; answer: Answer; status: number },
): void {
  // A question is answered with what is recorded, which is true.
  if (method === "GET") return;
  // The ledger looks whether what is told to be removed is gone; its record may wait for space.
  if (method === "DELETE" && answer.status === 204) return;
  // Only where the bytes of this very upload were at stake it must be told: those of a small file may have been written
  // again to another one. The ledger looks whether what is told to be safe is.
  const id = answer.headers.get("location")?.split("/").at(-1) ?? "";
  const areAtStake = ["write", "flush", "cut"].includes(kind) && path.endsWith(`/${id}`);
  if (!areAtStake && answer.status === 200) return;
  assertEquals([kind, path, answer.status, answer.text], [kind, path, status, answer.text]);
}

/** The next process finds what is seen, or, after a loss of power, what was flushed. */
function* worldsAfter({ disk, ledger }: World, lasting: Lasting): Iterable<World> {
  if (!lasting.isKnownToProcess) yield copyOf({ disk, ledger });
  yield newWorld(disk.afterLoss({ bytes: "none", names: "none" }), ledger.copy());
  yield newWorld(disk.afterLoss({ bytes: "all", names: "all" }), ledger.copy());
}

async function goOn(from: World, scenario: Scenario, known: Set<string>): Promise<void> {
  using world = from;
  const key = describe(world);
  if (known.has(key)) return;
  known.add(key);
  assert(await run(world, scenario, (sender) => proceedAll(world, scenario, sender)));
}

async function proceedAll(world: World, scenario: Scenario, sender: Sender): Promise<void> {
  for (const file of scenario.files) await proceed(sender, file);
  await check(world, scenario, sender.pawl, { atItsEnd: true });
}
