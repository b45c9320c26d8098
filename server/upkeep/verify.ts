import { type Fault, faultLine, repairOf, type Subject, summaryLine, type Tally } from "./faults.ts";
import { type Eyes, look } from "./look.ts";

/** The things that {@linkcode verify} works with. */
export interface VerifyDeps extends Eyes {
  /** All things to look at, each once. */
  readonly subjects: AsyncIterable<Subject>;
  /** True when a request holds the upload, by its id. */
  readonly isHeld: (id: string) => Promise<boolean>;
  /** Waits until a change that was under way is over. */
  readonly wait: () => Promise<void>;
  /** Prints a line. */
  readonly print: (line: string) => void;
  /** Repairs a fault by the engine; throws when it cannot. Absent without `--repair`. */
  readonly repair?: (by: "place" | "discard", id: string) => Promise<void>;
}

/** How many suspects are gathered before all of them are looked at once more. */
const MAX_SUSPECTS = 1000;

/**
 * Looks at everything, and prints a line about each thing that is wrong, and a summary. A server may run meanwhile: a
 * thing is wrong only if it is so at two looks, with a wait between them, and no request holds the upload. Gives how
 * many things are still wrong at the end.
 */
export async function verify(deps: VerifyDeps): Promise<number> {
  const tally = { uploads: 0, files: 0, wrong: 0, repaired: 0, repairable: 0 } satisfies Tally;
  const suspects: { subject: Subject; fault: Fault }[] = [];

  async function lookAgain(): Promise<void> {
    if (suspects.length === 0) return;
    await deps.wait();
    for (const { subject, fault: before } of suspects.splice(0)) {
      const fault = await look(deps, subject, before);
      if (fault === undefined || fault.id !== undefined && await deps.isHeld(fault.id)) continue;
      tally.wrong++;
      const by = repairOf(fault);
      if (by !== undefined) tally.repairable++;
      deps.print(faultLine(fault, { repairs: deps.repair !== undefined }));
      if (by !== undefined && deps.repair !== undefined && await isRepaired(fault, by, deps.repair)) tally.repaired++;
    }
  }

  async function isRepaired(
    { id = "", place }: Fault,
    by: "place" | "discard",
    repair: NonNullable<VerifyDeps["repair"]>,
  ): Promise<boolean> {
    try {
      await repair(by, id);
      return true;
    } catch (error) {
      deps.print(`${place} cannot be repaired: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  }

  for await (const subject of deps.subjects) {
    if (subject.kind === "upload") tally.uploads++;
    if (subject.kind === "file") tally.files++;
    const fault = await look(deps, subject);
    if (fault !== undefined) suspects.push({ subject, fault });
    if (suspects.length === MAX_SUSPECTS) await lookAgain();
  }
  await lookAgain();
  deps.print(summaryLine(tally, deps.repair !== undefined));
  return tally.wrong - tally.repaired;
}
