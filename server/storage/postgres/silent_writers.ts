/** How long a writer that was found silent may be replaced without being asked once more, in milliseconds. */
const TRUSTED_MS = 2000;

/** A writer, by its token and by when the upload's row was changed last: a token may be lent to one writer after the other. */
export interface SilentWriter {
  readonly token: string;
  readonly touched: string;
}

/**
 * The writers whose instances were found silent a moment ago. A client asks how far its upload is, and then sends on: it
 * waits for the silence once, and not for each of the two. A writer that wakes up meanwhile loses what nobody has
 * acknowledged, as it does when it wakes up a moment later.
 */
export class SilentWriters {
  readonly #now: () => number;
  /** By the ids of their uploads, those that were found first at the front. */
  readonly #found = new Map<string, { readonly writer: SilentWriter; readonly until: number }>();

  /** `now` is a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Remembers that the instance of an upload's writer is silent. */
  add(id: string, writer: SilentWriter): void {
    const now = this.#now();
    for (const [other, { until }] of this.#found) {
      if (until > now) break;
      this.#found.delete(other);
    }
    this.#found.delete(id);
    this.#found.set(id, { writer, until: now + TRUSTED_MS });
  }

  /** Gives an upload's writer that was found silent a moment ago, and forgets it; `undefined` when none was. */
  take(id: string): SilentWriter | undefined {
    const found = this.#found.get(id);
    this.#found.delete(id);
    return found !== undefined && found.until > this.#now() ? found.writer : undefined;
  }
}
