const HALF_LIFE_SECONDS = 3;
// Below this, the distance between two events says more about timers than about the network.
const SHORTEST_SAMPLE_SECONDS = 0.1;
// The first bytes go into the buffers of this computer, at a speed that no network has.
const FIRST_SAMPLE_SECONDS = 1;

/** A smoothed speed: an exponential moving average in which what happened 3 seconds ago counts half. */
export class Speedometer {
  #since: number;
  #pendingBytes = 0;
  #average = 0;
  /** How much of the average is real: 0 without a sample, near 1 after a few half-lives. */
  #weight = 0;

  constructor(nowSeconds: number) {
    this.#since = nowSeconds;
  }

  /** Begins to measure anew, after a time that must not count. */
  restart(nowSeconds: number): void {
    this.#since = nowSeconds;
    this.#pendingBytes = 0;
    this.#average = 0;
    this.#weight = 0;
  }

  /** Notes that `bytes` more have departed. */
  add(bytes: number, nowSeconds: number): void {
    this.#pendingBytes += bytes;
    const seconds = nowSeconds - this.#since;
    if (seconds < (this.#weight === 0 ? FIRST_SAMPLE_SECONDS : SHORTEST_SAMPLE_SECONDS)) return;
    const keep = 2 ** (-seconds / HALF_LIFE_SECONDS);
    this.#average = this.#average * keep + (this.#pendingBytes / seconds) * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#pendingBytes = 0;
    this.#since = nowSeconds;
  }

  /** Bytes per second; 0 until there is something to measure. */
  get bytesPerSecond(): number {
    return this.#weight === 0 ? 0 : this.#average / this.#weight;
  }
}
