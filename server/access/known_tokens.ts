import type { Log } from "../log.ts";
import type { Token, TokenStore } from "../storage/token_store.ts";
import { ShortCache } from "./short_cache.ts";

/** How long the server goes by what it has read of a token or a session. A removal is seen within this time. */
export const BELIEVED_MS = 1000;

/** How often the use of a token is recorded at most. */
const RECORD_USE_EVERY_MS = 60_000;

const MAX_ENTRIES = 10_000;

export interface KnownTokensOptions {
  readonly store: TokenStore;
  /** The token that the server was started with, which is in no store. */
  readonly fixed?: Token;
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/** The tokens and sessions, as requests look them up: from memory, or from the store once a second. */
export class KnownTokens {
  readonly #store: TokenStore;
  readonly #fixed: Token | undefined;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #tokens: ShortCache<Token | undefined>;
  readonly #ended: ShortCache<boolean>;
  readonly #used = new Map<string, number>();
  readonly #recording = new Set<Promise<void>>();

  constructor({ store, fixed, log, now, monotonic }: KnownTokensOptions) {
    this.#store = store;
    this.#fixed = fixed;
    this.#log = log;
    this.#now = now;
    const life = { lifeMs: BELIEVED_MS, maxEntries: MAX_ENTRIES, monotonic };
    this.#tokens = new ShortCache((hash) => store.find(hash), life);
    this.#ended = new ShortCache((id) => store.isEnded(id), life);
  }

  /** Finds the token of a hash. The secret itself is compared by its hash alone, so no time tells about it. */
  async find(hash: string): Promise<Token | undefined> {
    if (hash === this.#fixed?.hash) return this.#fixed;
    const token = await this.#tokens.get(hash);
    // Wrong guesses must not push out what is kept.
    if (token === undefined) this.#tokens.forget(hash);
    return token;
  }

  /** True when a session was signed out. */
  async isEnded(id: string): Promise<boolean> {
    return await this.#ended.get(id);
  }

  /** Signs a session out. */
  async endSession(id: string, expiresAt: number): Promise<void> {
    await this.#store.endSession(id, expiresAt, this.#now());
    this.#ended.forget(id);
  }

  /** Records, at most once a minute and behind the request, that a token was used. */
  used({ hash }: Token): void {
    const now = this.#now();
    if (hash === this.#fixed?.hash || Math.abs(now - (this.#used.get(hash) ?? -Infinity)) < RECORD_USE_EVERY_MS) return;
    if (this.#used.size >= MAX_ENTRIES) this.#used.clear();
    this.#used.set(hash, now);
    const recording = this.#store.markUsed(hash, now)
      .catch((error) => this.#log.warning("Cannot record the use of a token: {error}", { error }))
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }

  /** Resolves when nothing is being recorded any more. */
  async settle(): Promise<void> {
    await Promise.all(this.#recording);
  }
}
