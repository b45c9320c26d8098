import type { ErrorCode } from "../errors.ts";
import type { End } from "../receiving/receive.ts";

/** How a request to append ended. */
export interface Ending {
  readonly id: string;
  /** The byte of the file at which the body started. */
  readonly start: number;
  /** The end of the body, or the code of the error that was thrown. */
  readonly end: End | ErrorCode;
  /** True when all of the file is there. */
  readonly isComplete: boolean;
}

/**
 * Measures the work of the engine. The calls come from the path of every byte: each must return at once and never throw.
 * Times are in milliseconds.
 */
export interface EngineMeter {
  /** A body begins to come. */
  bodyBegins(): void;
  /** A body has ended, one that began before. */
  bodyEnds(): void;
  /** So many more bytes of files came and were written. */
  received(bytes: number): void;
  /** A request to append has ended. A small file that came whole at once is not told. */
  appended(ending: Ending): void;
  /** A checkpoint in the middle of a request was flushed and recorded in this time. */
  checkpointMade(ms: number): void;
  /** A request that appended let go for a later one, this long after it was asked to stop. */
  takenOver(waitMs: number): void;
  /** An upload was finished in this time: recorded as complete, and its file placed. */
  finished(id: string, ms: number): void;
}

/** The meter of an engine that nobody watches. */
export const NO_METER: EngineMeter = {
  bodyBegins() {},
  bodyEnds() {},
  received() {},
  appended() {},
  checkpointMade() {},
  takenOver() {},
  finished() {},
};
