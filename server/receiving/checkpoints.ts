import type { Appender } from "../storage/store.ts";

/** When checkpoints are made, and how they are recorded. */
export interface CheckpointOptions {
  /** The most bytes between two checkpoints. */
  readonly everyBytes: number;
  /** The longest time between two checkpoints. */
  readonly everyMs: number;
  /** The length that the file has when the body has come whole, if it is known. All is flushed and recorded then. */
  readonly endsAt?: number;
  /** Records that the first `offset` bytes are flushed. */
  commit(offset: number): Promise<void>;
  /** Called when a checkpoint is made, with the milliseconds that it took. */
  made(ms: number): void;
}

/**
 * Makes checkpoints during a long request: flushes what is written and records the offset, while writing goes on. So a
 * crash takes back a bounded number of bytes.
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

  /** Reports a write, and begins a checkpoint when it is time. Throws what an earlier checkpoint failed with. */
  written(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#running !== undefined) return;
    const now = performance.now();
    const offset = this.#appender.length;
    if (offset === this.#options.endsAt) return;
    if (offset - this.#at < this.#options.everyBytes && now - this.#time < this.#options.everyMs) return;
    this.#at = offset;
    this.#time = now;
    this.#running = this.#make().catch((error) => void (this.#failure = error))
      .finally(() => void (this.#running = undefined));
  }

  /** Waits for a running checkpoint. Throws what any checkpoint failed with. */
  async end(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #make(): Promise<void> {
    const begunAt = performance.now();
    await this.#options.commit(await this.#appender.checkpoint());
    this.#options.made(performance.now() - begunAt);
  }
}
