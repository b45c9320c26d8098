const HALF_LIFE_MS = 3000;
// Below this time, the distance between two events tells more about timers than about the network.
const SHORTEST_SAMPLE_MS = 100;
// The first bytes go into the buffers of this computer, at a speed that no network has.
const FIRST_SAMPLE_MS = 1000;

/** A smoothed speed: an exponential moving average. After 3 seconds a measured speed counts half. */
export class Speedometer {
  #since: number;
  #pendingBytes = 0;
  #average = 0;
  /** The weight of the average: 0 without a sample, and near 1 after a few half-lives. */
  #weight = 0;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  /** Begins to measure anew. The time before does not count. */
  restart(nowMs: number): void {
    this.#since = nowMs;
    this.#pendingBytes = 0;
    this.#average = 0;
    this.#weight = 0;
  }

  /** Notes that `bytes` more have departed. */
  add(bytes: number, nowMs: number): void {
    this.#pendingBytes += bytes;
    const ms = nowMs - this.#since;
    if (ms < (this.#weight === 0 ? FIRST_SAMPLE_MS : SHORTEST_SAMPLE_MS)) return;
    const keep = 2 ** (-ms / HALF_LIFE_MS);
    this.#average = this.#average * keep + (1000 * this.#pendingBytes / ms) * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#pendingBytes = 0;
    this.#since = nowMs;
  }

  /** Bytes per second; 0 before anything was measured. */
  get bytesPerSecond(): number {
    return this.#weight === 0 ? 0 : this.#average / this.#weight;
  }
}
