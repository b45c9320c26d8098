import { UploadError } from "../errors.ts";

/** The most addresses that are remembered. All are forgotten when there are more. */
const MAX_REMEMBERED = 10_000;

/** How many uploads an address may still begin at a moment. */
interface Allowance {
  readonly count: number;
  readonly at: number;
}

/** Bounds how many uploads one address begins in a second. */
export class Pace {
  readonly perSecond: number;
  readonly #allowances = new Map<string, Allowance>();
  readonly #monotonic: () => number;

  /** `monotonic` is the monotonic clock, in milliseconds. */
  constructor(perSecond: number, monotonic: () => number) {
    this.perSecond = perSecond;
    this.#monotonic = monotonic;
  }

  /**
   * Counts an upload that an address begins. Throws `too-many-begun` when it has begun more than `perSecond` in a
   * second. An address that is not known is not counted.
   */
  take(from: string | undefined): void {
    if (from === undefined || this.perSecond === Infinity) return;
    const at = this.#monotonic();
    const before = this.#allowances.get(from);
    const grown = before === undefined ? this.perSecond : before.count + (at - before.at) / 1000 * this.perSecond;
    const count = Math.min(grown, this.perSecond);
    if (count < 1) {
      throw new UploadError(
        "too-many-begun",
        `Your address begins more than ${this.perSecond} uploads in a second, which is the limit: wait a second`,
        { headers: { "Retry-After": "1" } },
      );
    }
    if (this.#allowances.size >= MAX_REMEMBERED) this.#allowances.clear();
    this.#allowances.set(from, { count: count - 1, at });
  }
}
