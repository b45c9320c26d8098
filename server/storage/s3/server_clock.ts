/** By how much a clock may be wrong, in milliseconds: servers refuse requests whose time is 15 minutes off. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/**
 * The clock of the S3 server, by which requests are signed. It is this machine's until a refusal shows that they differ: a
 * machine whose clock is an hour off can keep its files all the same.
 */
export class ServerClock {
  readonly #now: () => number;
  #aheadMs = 0;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now() + this.#aheadMs;
  }

  /** The time to be signed, such as `20261231T235959Z`. */
  text(): string {
    return new Date(this.now()).toISOString().replace(/[:-]|\.\d{3}/g, "");
  }

  /**
   * Learns from a refusal (403), whose headers tell the server's time. True when it may have come from the difference, so
   * that the request may be asked once more. An answer to `HEAD` gives no other reason.
   */
  learn(status: number, headers: Readonly<Record<string, string>>): boolean {
    const told = status === 403 ? Date.parse(headers.date ?? "") : NaN;
    if (!(Math.abs(told - this.now()) > MAX_SKEW_MS)) return false;
    this.#aheadMs = told - this.#now();
    return true;
  }
}
