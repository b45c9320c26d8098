import { UploadError } from "../errors.ts";
import { isOwnAddress, networkOf } from "../networks.ts";

/** The most wrong tokens from one address within {@linkcode WINDOW_MS}. */
const MAX_WRONG = 10;

/** The time for which wrong tokens count, in milliseconds. */
const WINDOW_MS = 60_000;

/** The most addresses, and the most right tokens, that are remembered. The oldest are forgotten when there are more. */
const MAX_REMEMBERED = 10_000;

interface Wrong {
  readonly since: number;
  count: number;
  /** The last wrong token's hash. A client that repeats itself does not guess. */
  last: string;
}

/**
 * Slows down who guesses tokens, by address. A token that was right at an address stays right there until the server
 * ends, so nobody who goes on to use one is locked out by a neighbour who guesses. Sessions are not looked at here. This machine's own address may be that of all clients behind a
 * proxy, so there a right token always passes, and only wrong ones are told to wait.
 */
export class Guesses {
  readonly #wrong = new Map<string, Wrong>();
  readonly #right = new Set<string>();
  readonly #monotonic: () => number;
  readonly #failed: () => void;

  /** `monotonic` is the monotonic clock, in milliseconds. `failed` is called for each wrong secret that was looked at. */
  constructor(monotonic: () => number, failed: () => void = () => {}) {
    this.#monotonic = monotonic;
    this.#failed = failed;
  }

  /**
   * Called before a token is looked at. Throws `too-many-guesses` when its address has guessed too often, unless the
   * token was right there before.
   */
  check(address: string | undefined, hash: string): void {
    if (this.#wrong.size === 0 || address !== undefined && isOwnAddress(address)) return;
    const network = networkOf(address);
    if (!this.#right.has(`${network} ${hash}`)) this.#refuseGuesser(network);
  }

  /** Counts a wrong token. Throws `too-many-guesses` when its address has guessed too often before. */
  wrong(address: string | undefined, hash: string): void {
    this.#failed();
    const network = networkOf(address);
    this.#refuseGuesser(network);
    const wrong = this.#wrong.get(network);
    if (wrong?.last === hash) return;
    if (wrong !== undefined) {
      wrong.count++;
      wrong.last = hash;
    } else {
      forgetOldest(this.#wrong);
      this.#wrong.set(network, { since: this.#monotonic(), count: 1, last: hash });
    }
  }

  /** Remembers a token that was right. */
  right(address: string | undefined, hash: string): void {
    const key = `${networkOf(address)} ${hash}`;
    if (this.#right.has(key)) return;
    forgetOldest(this.#right);
    this.#right.add(key);
  }

  #refuseGuesser(network: string): void {
    const wrong = this.#wrong.get(network);
    if (wrong === undefined) return;
    const remainingMs = wrong.since + WINDOW_MS - this.#monotonic();
    if (remainingMs <= 0) this.#wrong.delete(network);
    else if (wrong.count >= MAX_WRONG) {
      throw new UploadError("too-many-guesses", "Too many wrong tokens came from your address: wait a minute", {
        headers: { "Retry-After": String(Math.ceil(remainingMs / 1000)) },
      });
    }
  }
}

function forgetOldest(remembered: Map<string, unknown> | Set<string>): void {
  if (remembered.size < MAX_REMEMBERED) return;
  for (const oldest of remembered.keys()) return void remembered.delete(oldest);
}
