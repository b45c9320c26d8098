interface Entry<T> {
  readonly value: Promise<T>;
  readonly readAt: number;
}

export interface ShortCacheOptions {
  /** How long a value is believed, in milliseconds. */
  readonly lifeMs: number;
  /** The most values. All are forgotten when there are more. */
  readonly maxEntries: number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/**
 * Keeps what was read for a short time. So a change that another process makes is seen within that time, and many
 * requests cost one reading.
 */
export class ShortCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #read: (key: string) => Promise<T>;
  readonly #options: ShortCacheOptions;

  constructor(read: (key: string) => Promise<T>, options: ShortCacheOptions) {
    this.#read = read;
    this.#options = options;
  }

  /** Gives the value of a key: the kept one, if it is young enough, or else a new one. */
  get(key: string): Promise<T> {
    const { lifeMs, maxEntries, monotonic } = this.#options;
    const now = monotonic();
    const kept = this.#entries.get(key);
    if (kept !== undefined && now - kept.readAt < lifeMs) return kept.value;
    if (this.#entries.size >= maxEntries) this.#entries.clear();
    const value = this.#read(key);
    this.#entries.set(key, { value, readAt: now });
    // A failure is not kept.
    value.catch(() => this.forget(key));
    return value;
  }

  /** Forgets the value of a key, because it has changed. */
  forget(key: string): void {
    this.#entries.delete(key);
  }
}
