/** How long a writer that was found silent may be replaced without being asked once more, in milliseconds. */
const TRUSTED_MS = 2000;

/**
 * The writers whose instances were found silent a moment ago. A client asks how far its upload is, and then sends on: it
 * waits for the silence once, and not for each of the two. A writer that wakes up meanwhile loses what nobody has
 * acknowledged, as it does when it wakes up a moment later.
 */
export class SilentWriters {
  readonly #now: () => number;
  /** By the ids of their uploads, those that were found first at the front. */
  readonly #found = new Map<string, { readonly token: string; readonly until: number }>();

  /** `now` is a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Remembers that the instance of an upload's writer, which has this token, is silent. */
  add(id: string, token: string): void {
    const now = this.#now();
    for (const [other, { until }] of this.#found) {
      if (until > now) break;
      this.#found.delete(other);
    }
    this.#found.delete(id);
    this.#found.set(id, { token, until: now + TRUSTED_MS });
  }

  /** Gives the token of an upload's writer that was found silent a moment ago, and forgets it; `null` when none was. */
  take(id: string): string | null {
    const found = this.#found.get(id);
    this.#found.delete(id);
    return found !== undefined && found.until > this.#now() ? found.token : null;
  }
}
