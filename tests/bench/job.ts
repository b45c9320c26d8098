import type { Peer } from "./peers/peer.ts";
import type { SourceFile } from "./source.ts";

/** How much is measured: a smoke run, what tells enough in ten minutes, or everything. */
export type Extent = "quick" | "default" | "full";

/** One kind of load, put on Pawl and on what one would use instead. A new one is one module with one of these. */
export interface Job {
  /** Short and unique: what `--only` chooses it by. */
  readonly name: string;
  /** One line for `--list`. */
  readonly about: string;
  /** Measures, and proves that every answer and every stored byte was right; throws {@linkcode WrongResult} when not. */
  run(bench: Bench): Promise<Outcome>;
}

/** What a job works with. */
export interface Bench {
  /** A folder on the disk that is measured, removed at the end of the whole run. */
  readonly dir: string;
  readonly extent: Extent;
  /** How often every peer takes its turn. */
  readonly rounds: number;
  readonly signal: AbortSignal;
  /** A file of this many bytes (a multiple of 1 MiB), made when it is first asked for. */
  source(bytes: number): Promise<SourceFile>;
  /** Those of the peers that are there; says a word, once, for each that is not. */
  present<P extends Candidate>(peers: readonly P[]): Promise<P[]>;
  /** Tells the person at the terminal how far it is. */
  say(text: string): void;
}

/** What may be measured, if it is there. */
export type Candidate = Pick<Peer, "name" | "note" | "missing">;

/** What a job found. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
}

/** What was measured of one peer. */
export interface Row {
  readonly peer: string;
  /** What was asked of it. */
  readonly what: string;
  /** The unit of `values`, such as `s` or `/s`. */
  readonly unit: string;
  /** One of each turn. */
  readonly values: readonly number[];
  /** CPU time of the server in each turn, in seconds. */
  readonly cpuSeconds?: readonly number[];
  /** The most memory that the server ever held in each turn, in bytes. */
  readonly peakBytes?: readonly number[];
}

/** A bound that is to be kept: at most, or at least, `limit`. */
export interface Bound {
  readonly kind: "most" | "least";
  readonly limit: number;
}

/** One goal of the project. */
export interface Target {
  readonly name: string;
  /** `null` when it was not measured. */
  readonly value: number | null;
  readonly must: Bound;
  readonly aim?: Bound;
}

/** A server did something else than it was asked: its figures mean nothing and the benchmark fails. */
export class WrongResult extends Error {
  override name = "WrongResult";
}

/** A goal to be at or below `must`, and better at or below `aim`. */
export function atMost(name: string, value: number | null, must: number, aim?: number): Target {
  return targetOf("most", name, value, must, aim);
}

/** A goal to be at or above `must`, and better at or above `aim`. */
export function atLeast(name: string, value: number | null, must: number, aim?: number): Target {
  return targetOf("least", name, value, must, aim);
}

function targetOf(
  kind: Bound["kind"],
  name: string,
  value: number | null,
  must: number,
  aim: number | undefined,
): Target {
  return { name, value, must: { kind, limit: must }, ...aim !== undefined && { aim: { kind, limit: aim } } };
}
