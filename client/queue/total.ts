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
  /** The speed at which bytes of all together arrive, over half a minute; 0 when nothing moves. */
  bytesPerSecond: number;
  /** Milliseconds until the last byte has arrived, at the present speed; `undefined` when there is no speed. */
  remainingMs: number | undefined;
}

/** The shortest pause that counts as one. A shorter gap between two small files belongs to their speed. */
const GAP_MS = 2000;

type Counted = Pick<QueueEntry["progress"], "state" | "confirmed" | "sent" | "total"> & {
  canRetry: boolean;
  isDisconnected: boolean;
  isSignedOut: boolean;
  isStill: boolean;
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
  #speed: Speedometer;
  #active = 0;
  #retryable = 0;
  #disconnected = 0;
  #signedOut = 0;
  /** How many of those that are sending do not move. */
  #still = 0;
  #inFlight = 0;
  #nowMs: number;
  #sentAt = -Infinity;
  #confirmed = 0;
  #sent = 0;
  #total = 0;
  /** The remaining bytes of the uploads that run or wait for their turn. */
  #rest = 0;

  constructor(nowMs: number) {
    this.#speed = new Speedometer(nowMs);
    this.#nowMs = nowMs;
  }

  /** Adds an upload to the total, or updates its part of the total. */
  count(upload: QueueEntry, nowMs: number): void {
    const before = this.#counted.get(upload);
    const { state, confirmed, sent, total, problem, isStill = false } = upload.progress;
    const isFirst = state === "sending" && this.#in.sending === 0;
    if (isFirst && nowMs - this.#sentAt > GAP_MS) this.#speed = new Speedometer(nowMs);
    if (before !== undefined) this.#add(before, -1);
    const isDisconnected = problem?.code === "connection" || problem?.code === "stalled";
    const isSignedOut = problem?.code === "signed-out";
    const now = { state, confirmed, sent, total, canRetry: upload.canRetry, isDisconnected, isSignedOut, isStill };
    this.#add(now, 1);
    this.#counted.set(upload, now);
    this.#nowMs = nowMs;
    const isArriving = before?.state === "sending" && (state === "sending" || state === "done");
    if (isArriving) this.#speed.confirm(confirmed - before.confirmed, nowMs);
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
    const isMoving = this.#in.sending > this.#still;
    return {
      files: this.#counted.size,
      in: { ...this.#in },
      retryable: this.#retryable,
      disconnected: this.#disconnected,
      signedOut: this.#signedOut,
      confirmed: this.#confirmed,
      sent: this.#sent,
      total: this.#total,
      bytesPerSecond: isMoving ? this.#speed.bytesPerSecond : 0,
      remainingMs: isMoving
        ? this.#speed.remainingMs({ rest: this.#rest, inFlight: this.#inFlight }, this.#nowMs)
        : undefined,
    };
  }

  /** How many uploads can be paused. */
  get active(): number {
    return this.#active;
  }

  #add({ state, confirmed, sent, total, canRetry, isDisconnected, isSignedOut, isStill }: Counted, sign: 1 | -1): void {
    this.#in[state] += sign;
    if (isActive(state)) this.#active += sign;
    if (canRetry) this.#retryable += sign;
    if (isDisconnected) this.#disconnected += sign;
    if (isSignedOut) this.#signedOut += sign;
    if (isStill) this.#still += sign;
    if (state === "failed") return;
    this.#confirmed += sign * confirmed;
    this.#sent += sign * sent;
    this.#total += sign * total;
    if (!isActive(state)) return;
    this.#rest += sign * (total - sent);
    this.#inFlight += sign * (sent - confirmed);
  }
}
