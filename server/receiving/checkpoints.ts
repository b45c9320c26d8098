import type { Appender } from "../storage/store.ts";

export interface CheckpointOptions {
  readonly everyBytes: number;
  readonly everyMs: number;
  /** Records that the first `offset` bytes are flushed. */
  commit(offset: number): Promise<void>;
}

/**
 * During a long request, now and then: flushes what is written, without stopping the writes, and records how far the
 * flushed bytes go. What a crash can take back is bounded by it.
 */
export class Checkpoints {
  readonly #appender: Appender;
  readonly #options: CheckpointOptions;
  #at: number;
  #time = performance.now();
  #running: Promise<void> | undefined;
  #failure: unknown;

  constructor(appender: Appender, options: CheckpointOptions) {
    this.#appender = appender;
    this.#options = options;
    this.#at = appender.length;
  }

  /** Tells that more is written; begins a checkpoint when it is time. Throws what an earlier one has failed with. */
  written(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#running !== undefined) return;
    const now = performance.now();
    const offset = this.#appender.length;
    if (offset - this.#at < this.#options.everyBytes && now - this.#time < this.#options.everyMs) return;
    this.#at = offset;
    this.#time = now;
    this.#running = this.#make(offset).catch((error) => void (this.#failure = error))
      .finally(() => void (this.#running = undefined));
  }

  /** Waits for a checkpoint that is being made. Throws what one has failed with. */
  async end(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #make(offset: number): Promise<void> {
    await this.#appender.flush();
    await this.#options.commit(offset);
  }
}
