import { UploadError } from "../errors.ts";
import type { FileFacts } from "../model/upload.ts";

/** The most addresses that are remembered. All are forgotten when there are more. */
const MAX_REMEMBERED = 10_000;

/** How many uploads an address may still begin at a moment. */
interface Allowance {
  readonly count: number;
  readonly at: number;
}

/** Bounds how many uploads one address begins in a second. The bound may change. */
export class Pace {
  readonly #limits: { readonly maxBegunPerSecond: number };
  readonly #allowances = new Map<string, Allowance>();
  /** The facts of the files whose uploads are counted. */
  readonly #counted = new WeakSet<Pick<FileFacts, "from">>();
  readonly #monotonic: () => number;

  /** `monotonic` is the monotonic clock, in milliseconds. */
  constructor(limits: { readonly maxBegunPerSecond: number }, monotonic: () => number) {
    this.#limits = limits;
    this.#monotonic = monotonic;
  }

  /**
   * Counts an upload that an address begins, once for the facts of one request: a request may try again to begin its
   * upload. Throws `too-many-begun` when the address has begun more than `perSecond` in a second. An address that is not
   * known is not counted.
   */
  take(facts: Pick<FileFacts, "from">): void {
    const { from } = facts;
    const { maxBegunPerSecond: perSecond } = this.#limits;
    if (from === undefined || perSecond === Infinity || this.#counted.has(facts)) return;
    const at = this.#monotonic();
    const before = this.#allowances.get(from);
    const grown = before === undefined ? perSecond : before.count + (at - before.at) / 1000 * perSecond;
    const count = Math.min(grown, perSecond);
    if (count < 1) throw tooManyBegun(perSecond);
    if (this.#allowances.size >= MAX_REMEMBERED) this.#allowances.clear();
    this.#allowances.set(from, { count: count - 1, at });
    this.#counted.add(facts);
  }
}

/** The refusal of one more upload in this second. */
export function tooManyBegun(perSecond: number): UploadError {
  return new UploadError(
    "too-many-begun",
    `Your address begins more than ${perSecond} uploads in a second, which is the limit: wait a second`,
    { headers: { "Retry-After": "1" } },
  );
}
