import type { Clock } from "../async/clock.ts";
import type { Emitter } from "../async/emitter.ts";
import { Idle } from "./idle.ts";
import type { QueueEntry } from "./queue_entry.ts";
import type { QueueEvents } from "./queue_options.ts";
import { type Total, TotalCounter } from "./total.ts";

/** Counts all uploads of a queue together, and reports the total by the events `total` and `idle`. */
export class AllTogether {
  readonly #counter: TotalCounter;
  readonly #idle = new Idle();
  readonly #emitter: Emitter<QueueEvents>;
  readonly #clock: Clock;
  #isDue = false;

  constructor(emitter: Emitter<QueueEvents>, clock: Clock) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#counter = new TotalCounter(clock.now());
  }

  get total(): Total {
    return this.#counter.total;
  }

  /** How many uploads have not failed. */
  get taken(): number {
    const { files, in: { failed } } = this.#counter.total;
    return files - failed;
  }

  /** Resolves when no upload is active; at once when none is active now. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  has(upload: QueueEntry): boolean {
    return this.#counter.has(upload);
  }

  /** Adds an upload to the total, or updates its part of the total. */
  count(upload: QueueEntry): void {
    this.#counter.count(upload, this.#clock.now());
    if (upload.isActive) this.#idle.note(this.#counter.active);
  }

  /** Takes an upload out of the total. */
  remove(upload: QueueEntry): void {
    this.#counter.remove(upload);
  }

  /** Emits `idle` if nothing is active any more. Emits `total` once for all changes that come at one time. */
  tell(): void {
    if (this.#idle.note(this.#counter.active)) this.#emitter.emit("idle");
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#emitter.emit("total", this.total);
    });
  }
}
