/** The state of one file that is sent. */
export interface Sending {
  /** Tells it apart from all others. */
  readonly key: string;
  /** Its path on the server. */
  readonly path: string;
  readonly state: string;
  /** Bytes that the server has acknowledged, and that have departed. */
  readonly confirmed: number;
  readonly sent: number;
  /** Its length; `undefined` while nobody knows it. */
  readonly size: number | undefined;
  readonly bytesPerSecond: number;
  readonly remainingMs: number | undefined;
  /** Why it waits, and for how long. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
  readonly retryInMs?: number | undefined;
}

/** All files together. */
export interface Sum {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  readonly confirmed: number;
  readonly sent: number;
  readonly size: number | undefined;
  readonly bytesPerSecond: number;
  readonly remainingMs: number | undefined;
}

/** A file that will not arrive. */
export interface Failure {
  readonly path: string;
  readonly code: string;
  /** One line that says what to do. */
  readonly message: string;
}

/** Tells how sending goes: to a person at a terminal, in lines, or to a program. */
export interface Report {
  /** Comes once, when it is known what there is to send. */
  begin(sum: Pick<Sum, "files" | "size">): void;
  /** Comes at every change, many times a second. */
  progress(file: Sending, sum: Sum): void;
  /** A file is safe on the server. `url` is its address, if the sender may read it. */
  done(file: Pick<Sending, "key" | "path" | "size">, url: string | undefined, sum: Sum): void;
  failed(failure: Failure & { readonly key?: string }, sum?: Sum): void;
  /** A remark about the whole. */
  note(line: string): void;
  /** Comes last. `code` is the exit code. `goesOn` is true when the same command goes on where this one ends. */
  end(sum: Pick<Sum, "files" | "done" | "failed"> & { readonly goesOn: boolean }, code: number): void;
}

/** The way out for a report. */
export interface Output {
  /** Prints a line on standard output: a result. */
  readonly print: (line: string) => void;
  /** Prints a line on standard error, for the person. */
  readonly tell: (line: string) => void;
  /** The machine's clock, in milliseconds. */
  readonly now: () => number;
}
