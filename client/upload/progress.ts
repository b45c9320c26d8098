import type { Emitter } from "../async/emitter.ts";
import type { Problem } from "../protocol/problem.ts";
import { Speedometer } from "./speed.ts";
import type { UploadError } from "../protocol/upload_error.ts";

/**
 * The state of an upload:
 *
 * - `ready`: nothing has been started
 * - `asking`: asking the server how much it holds
 * - `sending`: bytes are on their way
 * - `checking`: the file is read once more before the last piece is sent, because it must not have changed
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

/** The progress of an upload. */
export interface Progress {
  /** The state of the upload. */
  state: UploadState;
  /**
   * Bytes that the server has acknowledged: they are on its disk. The number falls only when the server itself names a
   * smaller one.
   */
  confirmed: number;
  /**
   * Bytes that have departed from this computer, never fewer than `confirmed`. The number falls when bytes were lost on
   * the way.
   */
  sent: number;
  /** The size of the file in bytes. */
  total: number;
  /** The speed at which bytes arrive, over half a minute; 0 when nothing moves. */
  bytesPerSecond: number;
  /** Milliseconds until the last byte has arrived, at the present speed; `undefined` when there is no speed. */
  remainingMs: number | undefined;
  /** In state `sending`: true when nothing has moved for 8 seconds, and longer than what has departed needs. */
  isStill?: true;
  /** In state `waiting`: milliseconds from this event to the next try. The try may come earlier. */
  retryInMs?: number;
  /** In state `waiting`: the problem that stopped the last try. */
  problem?: Problem;
  /** In state `failed`: why it failed. */
  error?: UploadError;
}

/** The events of an {@linkcode Uploader}, with what each of them passes to its listeners. */
export interface UploaderEvents {
  /** Comes at every change: many times a second while bytes are on their way. */
  progress: [progress: Progress];
  /** Comes when another state begins. */
  state: [state: UploadState, before: UploadState];
  /** Comes when the upload ends with an error. */
  error: [error: UploadError];
}

/** The time after which nothing is moving. */
const STILL_MS = 8000;

/** The properties that only some states have. */
type Details = Pick<Progress, "retryInMs" | "problem" | "error">;

/** Keeps the numbers of one upload, and tells the listeners of `emitter` of each change. */
export class ProgressReporter {
  #state: UploadState = "ready";
  #confirmed = 0;
  #sent = 0;
  readonly #total: number;
  #speed: Speedometer;
  readonly #emitter: Emitter<UploaderEvents>;
  #details: Details = {};
  #nowMs: number;
  #movedAt: number;
  #isStill = false;

  /** `confirmed` is the offset that an earlier answer has named. */
  constructor(
    { total, confirmed = 0, nowMs }: { total: number; confirmed?: number | undefined; nowMs: number },
    emitter: Emitter<UploaderEvents>,
  ) {
    this.#total = total;
    this.#confirmed = this.#sent = confirmed;
    this.#speed = new Speedometer(nowMs);
    this.#nowMs = this.#movedAt = nowMs;
    this.#emitter = emitter;
  }

  /** The present progress. */
  get progress(): Progress {
    const isSending = this.#state === "sending";
    const isMoving = isSending && !this.#isStill;
    const way = { rest: this.#total - this.#sent, inFlight: this.#sent - this.#confirmed };
    return {
      state: this.#state,
      confirmed: this.#confirmed,
      sent: this.#sent,
      total: this.#total,
      bytesPerSecond: isMoving ? this.#speed.bytesPerSecond : 0,
      remainingMs: isMoving ? this.#speed.remainingMs(way, this.#nowMs) : undefined,
      ...isSending && this.#isStill && { isStill: true },
      ...this.#details,
    };
  }

  /** Enters a state in which no bytes are on their way. Bytes that were sent and not confirmed count as lost. */
  enter(state: Exclude<UploadState, "sending" | "done">, details: Details = {}): void {
    this.#sent = this.#confirmed;
    this.#change(state, details);
  }

  /** Notes that a request with bytes begins. */
  startSending(nowMs: number): void {
    if (this.#state === "sending") return;
    this.#speed = new Speedometer(nowMs);
    this.#move(nowMs);
    this.#change("sending");
  }

  /** Notes that all bytes up to `offset` have departed. */
  handOver(offset: number, nowMs: number): void {
    if (offset > this.#sent) this.#move(nowMs);
    this.#speed.add(Math.max(0, offset - this.#sent), nowMs);
    this.#sent = Math.max(offset, this.#confirmed);
    this.#report();
  }

  /**
   * Notes that time has passed while a request is under way. `hasDeparted`: all its bytes have departed, so that nothing
   * but the answer can move.
   */
  pass(nowMs: number, { hasDeparted }: { hasDeparted: boolean }): void {
    if (this.#state !== "sending") return;
    this.#speed.add(0, nowMs);
    this.#nowMs = nowMs;
    const { bytesPerSecond } = this.#speed;
    const arrivesInMs = hasDeparted && bytesPerSecond >= 1 ? 1000 * (this.#sent - this.#confirmed) / bytesPerSecond : 0;
    this.#isStill = nowMs - this.#movedAt >= STILL_MS + arrivesInMs;
    this.#report();
  }

  /** Notes that the server holds `offset` bytes, since `nowMs`. */
  confirm(offset: number, nowMs?: number): void {
    if (nowMs !== undefined) {
      this.#speed.confirm(offset - this.#confirmed, nowMs);
      this.#move(nowMs);
    }
    this.#confirmed = this.#sent = offset;
    this.#report();
  }

  /** Notes that the server has the whole file. */
  finish(): void {
    this.#confirmed = this.#sent = this.#total;
    this.#change("done");
  }

  #change(state: UploadState, details: Details = {}): void {
    const before = this.#state;
    this.#state = state;
    this.#details = details;
    const isNew = state !== before;
    if (isNew) this.#emitter.emit("state", state, before);
    this.#report();
    if (isNew && details.error !== undefined) this.#emitter.emit("error", details.error);
  }

  #report(): void {
    this.#emitter.emit("progress", this.progress);
  }

  #move(nowMs: number): void {
    this.#nowMs = this.#movedAt = nowMs;
    this.#isStill = false;
  }
}
