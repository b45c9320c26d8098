import { isActive, type QueuedState } from "./queued_upload.ts";
import type { QueueEntry } from "./queue_entry.ts";
import { Speedometer } from "../upload/speed.ts";

/** The total of all uploads of a queue. */
export interface Total {
  /** How many uploads there are. */
  files: number;
  /** How many of them are in each state. */
  in: Readonly<Record<QueuedState, number>>;
  /** How many of the failed uploads may succeed when they are tried again. */
  retryable: number;
  /** How many of the waiting uploads cannot reach the server. */
  disconnected: number;
  /** How many of the waiting uploads wait for a sign-in. */
  signedOut: number;
  /** Bytes that the server has acknowledged. Failed uploads do not count here, nor in the numbers below. */
  confirmed: number;
  /** Bytes that have departed from this computer, never fewer than `confirmed`. */
  sent: number;
  /** The size of all files, in bytes. */
  total: number;
  /** The smoothed speed of all together; 0 when nothing is being sent. */
  bytesPerSecond: number;
  /** Milliseconds until the last byte has departed, at the present speed; `undefined` when there is no speed. */
  remainingMs: number | undefined;
}

/** The shortest pause that counts as one. A shorter gap between two small files belongs to their speed. */
const GAP_MS = 2000;

type Counted = Pick<QueueEntry["progress"], "state" | "confirmed" | "sent" | "total"> & {
  canRetry: boolean;
  isDisconnected: boolean;
  isSignedOut: boolean;
};

const STATES: readonly QueuedState[] = [
  "queued",
  "ready",
  "asking",
  "sending",
  "checking",
  "waiting",
  "paused",
  "done",
  "stopped",
  "failed",
  "cancelled",
];

/** Adds up the uploads as they change. The change of one costs the same, however many there are. */
export class TotalCounter {
  readonly #counted = new Map<QueueEntry, Counted>();
  readonly #in = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<QueuedState, number>;
  readonly #speed: Speedometer;
  #retryable = 0;
  #disconnected = 0;
  #signedOut = 0;
  #sentAt = -Infinity;
  #confirmed = 0;
  #sent = 0;
  #total = 0;
  /** The remaining bytes of the uploads that run or wait for their turn. */
  #rest = 0;

  constructor(nowMs: number) {
    this.#speed = new Speedometer(nowMs);
  }

  /** Adds an upload to the total, or updates its part of the total. */
  count(upload: QueueEntry, nowMs: number): void {
    const before = this.#counted.get(upload);
    const { state, confirmed, sent, total, problem } = upload.progress;
    const isFirst = state === "sending" && this.#in.sending === 0;
    if (isFirst && nowMs - this.#sentAt > GAP_MS) this.#speed.restart(nowMs);
    if (before !== undefined) this.#add(before, -1);
    const isDisconnected = problem?.code === "connection" || problem?.code === "stalled";
    const isSignedOut = problem?.code === "signed-out";
    const now = { state, confirmed, sent, total, canRetry: upload.canRetry, isDisconnected, isSignedOut };
    this.#add(now, 1);
    this.#counted.set(upload, now);
    if (state !== "sending") return;
    this.#sentAt = nowMs;
    this.#speed.add(Math.max(0, sent - (before?.sent ?? 0)), nowMs);
  }

  has(upload: QueueEntry): boolean {
    return this.#counted.has(upload);
  }

  /** Takes an upload out of the total. */
  remove(upload: QueueEntry): void {
    const before = this.#counted.get(upload);
    if (before !== undefined) this.#add(before, -1);
    this.#counted.delete(upload);
  }

  get total(): Total {
    const bytesPerSecond = this.#in.sending > 0 ? this.#speed.bytesPerSecond : 0;
    return {
      files: this.#counted.size,
      in: { ...this.#in },
      retryable: this.#retryable,
      disconnected: this.#disconnected,
      signedOut: this.#signedOut,
      confirmed: this.#confirmed,
      sent: this.#sent,
      total: this.#total,
      bytesPerSecond,
      remainingMs: bytesPerSecond >= 1 ? 1000 * this.#rest / bytesPerSecond : undefined,
    };
  }

  /** How many uploads can be paused. */
  get active(): number {
    return STATES.reduce((sum, state) => sum + (isActive(state) ? this.#in[state] : 0), 0);
  }

  #add({ state, confirmed, sent, total, canRetry, isDisconnected, isSignedOut }: Counted, sign: 1 | -1): void {
    this.#in[state] += sign;
    if (canRetry) this.#retryable += sign;
    if (isDisconnected) this.#disconnected += sign;
    if (isSignedOut) this.#signedOut += sign;
    if (state === "failed") return;
    this.#confirmed += sign * confirmed;
    this.#sent += sign * sent;
    this.#total += sign * total;
    if (isActive(state)) this.#rest += sign * (total - sent);
  }
}
