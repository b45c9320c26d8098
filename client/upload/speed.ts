const HALF_LIFE_MS = 3000;
// Below this time, the distance between two events tells more about timers than about the network.
const SHORTEST_SAMPLE_MS = 100;
// The first bytes go into the buffers of this computer, at a speed that no network has.
const FIRST_SAMPLE_MS = 1000;
/** The time over which confirmed bytes are counted. */
const WINDOW_MS = 30_000;

/** Bytes whose way has a part behind it and a part before it. */
export interface Way {
  /** Bytes that have not departed yet. */
  rest: number;
  /** Bytes that have departed and are not confirmed. */
  inFlight: number;
}

/**
 * The speed of a line, by what has arrived: the bytes that the server has confirmed in the last 30 seconds. Before the
 * first of them are confirmed, it is a smoothed speed of the bytes that have departed, some of which may lie in a buffer
 * on the way.
 */
export class Speedometer {
  readonly #departed: Average;
  /** When how many bytes had been confirmed. The first entry is the beginning, or the oldest one of the window. */
  readonly #confirmed: { at: number; bytes: number }[];

  /** Begins to measure. The time before does not count. */
  constructor(nowMs: number) {
    this.#departed = new Average(nowMs);
    this.#confirmed = [{ at: nowMs, bytes: 0 }];
  }

  /** Notes that `bytes` more have departed. */
  add(bytes: number, nowMs: number): void {
    this.#departed.add(bytes, nowMs);
  }

  /** Notes that `bytes` more are confirmed. */
  confirm(bytes: number, nowMs: number): void {
    if (bytes <= 0) return;
    const all = this.#confirmed;
    const entry = { at: nowMs, bytes: all.at(-1)!.bytes + bytes };
    // Many small files are confirmed at about one time.
    if (all.length > 1 && nowMs - all.at(-2)!.at < SHORTEST_SAMPLE_MS) all[all.length - 1] = entry;
    else all.push(entry);
    while (all.length > 2 && all[1]!.at <= nowMs - WINDOW_MS) all.shift();
  }

  /** Bytes per second; 0 before anything was measured. */
  get bytesPerSecond(): number {
    return this.#arriving ?? this.#departed.bytesPerSecond;
  }

  /** Gives the milliseconds until all these bytes have arrived; `undefined` when there is no speed. */
  remainingMs({ rest, inFlight }: Way, nowMs: number): number | undefined {
    const { bytesPerSecond } = this;
    if (bytesPerSecond < 1) return undefined;
    if (this.#arriving === undefined) return 1000 * rest / bytesPerSecond;
    // Bytes in flight arrive meanwhile, although nobody has said so yet.
    const sinceMs = Math.max(0, nowMs - this.#confirmed.at(-1)!.at);
    return 1000 * (rest + Math.max(0, inFlight - bytesPerSecond * sinceMs / 1000)) / bytesPerSecond;
  }

  get #arriving(): number | undefined {
    const [first, last] = [this.#confirmed[0]!, this.#confirmed.at(-1)!];
    const ms = last.at - first.at;
    return ms < FIRST_SAMPLE_MS ? undefined : 1000 * (last.bytes - first.bytes) / ms;
  }
}

/** An exponential moving average of a speed. After 3 seconds a measured speed counts half. */
class Average {
  #since: number;
  #pendingBytes = 0;
  /** The bytes and the milliseconds of all samples. Older ones count less. */
  #bytes = 0;
  #ms = 0;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#pendingBytes += bytes;
    const ms = nowMs - this.#since;
    if (ms < (this.#ms === 0 ? FIRST_SAMPLE_MS : SHORTEST_SAMPLE_MS)) return;
    const keep = 2 ** (-ms / HALF_LIFE_MS);
    this.#bytes = keep * this.#bytes + this.#pendingBytes;
    this.#ms = keep * this.#ms + ms;
    this.#pendingBytes = 0;
    this.#since = nowMs;
  }

  get bytesPerSecond(): number {
    return this.#ms === 0 ? 0 : 1000 * this.#bytes / this.#ms;
  }
}
