/** A finished file as it lies in the store. */
export interface TakenFile {
  /** Its name without the number that tells files of one name apart. */
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** Instances of the server that share a store, or the one on a data folder. They are numbered from 0. */
export interface ModelSite extends AsyncDisposable {
  readonly count: number;
  /** The port of an instance, for one request: `isSettled` counts them. */
  portFor(at: number): number;
  /** The addresses at which this process of the instance was asked for an upload. */
  met(at: number): Set<string>;
  /** True when every request that was sent to the instance has ended, or brings bytes and has its lock. */
  isSettled(at: number): Promise<boolean>;
  /** Ends an instance by a signal; meanwhile does `work`. Returns when a new process listens. */
  restart(at: number, signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void>;
  /** Lets a part of the time pass that unfinished uploads are kept, and what is past its time be removed. */
  advance(part: number): Promise<void>;
  /** Lets so much time pass that no unfinished upload is left, as soon as nobody writes to any. */
  forgetUnfinished(): Promise<void>;
  /** Waits, though not long, until an instance has that many bytes of an unfinished upload; says whether it has. */
  holds(at: number, bytes: number): Promise<boolean>;
  /** Throws when an instance has logged an error or a warning. */
  checkLog(): void;
  /** Takes the finished files out of the store. Throws when something is left of the unfinished ones. */
  takeFiles(): Promise<TakenFile[]>;
}

/** After so long without a word another instance counts as dead or stopped. Milliseconds. */
export const SILENCE_MS = 1500;

/** How long an unfinished upload is kept after its last byte. */
export const EXPIRE_MS = 7 * 86_400_000;

/** The name of a finished file without the number that tells files of one name apart. */
export function unnumbered(name: string): string {
  return name.replace(/ \(\d+\)(?=\.bin$)/, "");
}

/** Throws the first error or warning in what a server has printed. */
export function checkPrinted(output: string): void {
  const complaint = output.split("\n").find((line) => / \[(?:ERROR|WARNING|FATAL)\] /.test(line));
  if (complaint !== undefined) throw new Error(`The server has logged: ${complaint}`);
}
