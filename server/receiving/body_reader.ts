/** Takes the bytes out of a request's body. */
export interface BodyReader {
  /** The next bytes; `undefined` at the end. A later call may use their buffer again: see `isKept`. */
  next(): Promise<Uint8Array | undefined>;
  /** True when the bytes given last stay valid during the next call, so they can be written to disk meanwhile. */
  readonly isKept: boolean;
  /** How much work the last call was, in bytes. A read counts as {@linkcode LEAST_WORK} at least. */
  readonly work: number;
  /** Leaves the unread bytes in the body, for another reader. */
  release(): void;
}

/** The work of a read that gives few bytes, in bytes: it takes as much time as giving so many. */
export const LEAST_WORK = 32 * 1024;
