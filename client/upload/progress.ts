import type { Emitter } from "../async/emitter.ts";
import type { Problem } from "../protocol/problem.ts";
import { Speedometer } from "./speed.ts";
import type { UploadError } from "../protocol/upload_error.ts";

/**
 * - `ready`: nothing has been started
 * - `asking`: asking the server how much it holds
 * - `sending`: bytes are on their way
 * - `checking`: the file is read once more before the last piece goes: it must be as it was when it was sent
 * - `waiting`: something failed that passes by itself; the next try comes in `retryInMs`
 * - `paused`: stands still until `resume()`
 * - `done`: the server has the whole file
 * - `stopped`: ended by `stop()`
 * - `failed`: ended by an error
 * - `cancelled`: ended by `cancel()`
 */
export type UploadState =
  | "ready"
  | "asking"
  | "sending"
  | "checking"
  | "waiting"
  | "paused"
  | "done"
  | "stopped"
  | "failed"
  | "cancelled";

/** Where an upload stands. */
export interface Progress {
  /** What the upload does now. */
  state: UploadState;
  /** Bytes that the server has acknowledged: they are on its disk. Goes back only when the server's own count does. */
  confirmed: number;
  /** Bytes that have departed from this computer, never fewer than `confirmed`. Goes back when some were lost on the way. */
  sent: number;
  /** Bytes of the file. */
  total: number;
  /** The smoothed speed; 0 while nothing is being sent. */
  bytesPerSecond: number;
  /** Milliseconds until the last byte has departed, at the present speed; `undefined` while there is none. */
  remainingMs: number | undefined;
  /** In state `waiting`: the milliseconds from this event to the next try, unless something else ends it. */
  retryInMs?: number;
  /** In state `waiting`: the problem that stopped the last try. */
  problem?: Problem;
  /** In state `failed`: why it failed. */
  error?: UploadError;
}

/** What belongs to some states alone. */
type Details = Pick<Progress, "retryInMs" | "problem" | "error">;

/** Keeps the numbers of one upload and reports each change. */
export class ProgressReporter {
  #state: UploadState = "ready";
  #confirmed = 0;
  #sent = 0;
  readonly #total: number;
  readonly #speed: Speedometer;
  readonly #report: (progress: Progress) => void;
  #details: Details = {};

  /** `confirmed` is what an earlier answer of the server has told. */
  constructor(
    { total, confirmed = 0, nowMs }: { total: number; confirmed?: number | undefined; nowMs: number },
    report: (progress: Progress) => void,
  ) {
    this.#total = total;
    this.#confirmed = this.#sent = confirmed;
    this.#speed = new Speedometer(nowMs);
    this.#report = report;
  }

  /** Where the upload stands now. */
  get progress(): Progress {
    const bytesPerSecond = this.#state === "sending" ? this.#speed.bytesPerSecond : 0;
    return {
      state: this.#state,
      confirmed: this.#confirmed,
      sent: this.#sent,
      total: this.#total,
      bytesPerSecond,
      remainingMs: bytesPerSecond >= 1 ? 1000 * (this.#total - this.#sent) / bytesPerSecond : undefined,
      ...this.#details,
    };
  }

  /** Nothing is on its way in this state: what was sent and not confirmed counts as lost until it is confirmed. */
  enter(state: Exclude<UploadState, "sending" | "done">, details: Details = {}): void {
    this.#sent = this.#confirmed;
    this.#state = state;
    this.#details = details;
    this.#report(this.progress);
  }

  /** A request with bytes begins. */
  startSending(nowMs: number): void {
    if (this.#state === "sending") return;
    this.#state = "sending";
    this.#details = {};
    this.#speed.restart(nowMs);
    this.#report(this.progress);
  }

  /** All bytes up to `offset` have departed. */
  handOver(offset: number, nowMs: number): void {
    this.#speed.add(Math.max(0, offset - this.#sent), nowMs);
    this.#sent = Math.max(offset, this.#confirmed);
    this.#report(this.progress);
  }

  /** Nothing has moved for a while, and the speed goes down. */
  slowDown(nowMs: number): void {
    if (this.#state !== "sending") return;
    this.#speed.add(0, nowMs);
    this.#report(this.progress);
  }

  /** The server holds `offset` bytes. */
  confirm(offset: number): void {
    this.#confirmed = offset;
    this.#sent = offset;
    this.#report(this.progress);
  }

  /** The server has the whole file. */
  finish(): void {
    this.#state = "done";
    this.#details = {};
    this.confirm(this.#total);
  }
}

/** What an {@linkcode Uploader} tells. */
export interface UploaderEvents {
  /** At every change, many times a second while bytes are on their way. */
  progress: [progress: Progress];
  /** When another state begins. */
  state: [state: UploadState, before: UploadState];
  /** When it ends with an error. */
  error: [error: UploadError];
}

/** Makes the reporter for one file, of which `emitter` tells. */
export function reporterTo(
  emitter: Emitter<UploaderEvents>,
  facts: { total: number; confirmed: number | undefined; nowMs: number },
): ProgressReporter {
  let state: UploadState = "ready";
  return new ProgressReporter(facts, (progress) => {
    const before = state;
    state = progress.state;
    const isNew = state !== before;
    if (isNew) emitter.emit("state", state, before);
    emitter.emit("progress", progress);
    if (isNew && progress.error !== undefined) emitter.emit("error", progress.error);
  });
}
