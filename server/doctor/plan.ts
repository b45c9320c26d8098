/** How much the doctor sends, in bytes, and how long it waits, in milliseconds. 0 leaves that out. */
export interface Plan {
  /** The file that is uploaded and downloaded again. */
  readonly fileBytes: number;
  /** The part of a request that is sent before it is cut off. The request announces twice as much. */
  readonly cutBytes: number;
  /** How long the sent part has to get through before the cut. */
  readonly throughMs: number;
  /** How long it may take after the cut until Pawl tells what it has. */
  readonly settleMs: number;
  /** The largest request that is really sent. The page sends no larger ones. */
  readonly largeBytes: number;
  /** The largest request that is announced, to find a limit. */
  readonly announcedBytes: number;
  /** How long a refusal of an announced size may take. */
  readonly refusalMs: number;
  /** How long a body is silent. */
  readonly silenceMs: number;
  /** How long the slow body takes. */
  readonly slowMs: number;
  /** The bytes of the slow body, and those before the silence. */
  readonly slowBytes: number;
  /** How long an answer may take. */
  readonly patienceMs: number;
}

const MIB = 2 ** 20;

/** Everything is looked at. Pawl itself ends a silent body after 60 s, so a proxy has to wait longer. */
export const FULL_PLAN: Plan = {
  fileBytes: 256 * 1024,
  cutBytes: 384 * 1024,
  throughMs: 1500,
  settleMs: 5000,
  largeBytes: 16 * MIB,
  announcedBytes: 64 * 1024 * MIB,
  refusalMs: 1500,
  silenceMs: 72_000,
  slowMs: 72_000,
  slowBytes: 288 * 1024,
  patienceMs: 60_000,
};

/** The long waits and the large bodies are left out. */
export const QUICK_PLAN: Plan = { ...FULL_PLAN, largeBytes: 2 * MIB, silenceMs: 0, slowMs: 0 };

/** The most bytes of bodies that a plan sends. */
export function mostBytes(plan: Plan): number {
  const waits = (plan.silenceMs > 0 ? plan.slowBytes : 0) + (plan.slowMs > 0 ? plan.slowBytes : 0);
  // A refusal is looked at again when the connection broke, which may be chance.
  return 3 * plan.largeBytes + 2 * plan.cutBytes + plan.fileBytes + waits + SMALL_BYTES;
}

/** More than all the small requests together. */
const SMALL_BYTES = 64 * 1024;

/** The seconds that a plan takes over a usual line. */
export function usualSeconds(plan: Plan): number {
  return Math.ceil((Math.max(plan.silenceMs, plan.slowMs) + 4 * plan.throughMs + 2 * plan.refusalMs) / 1000) + 5;
}
