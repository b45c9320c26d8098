import { SMALL_FILE_BYTES } from "../upload/pieces.ts";
import type { QueuedUpload } from "./queued_upload.ts";

/** Lets as many uploads of a queue run as there is room for, in the order in which they came. */
export class Turns {
  readonly #waiting = new Set<QueuedUpload>();
  readonly #running = new Set<QueuedUpload>();
  readonly #capacity: number;
  readonly #start: (upload: QueuedUpload) => void;
  #isFilling = false;

  /** There is room for `concurrency` large files, or twice as many small ones. */
  constructor(concurrency: number, start: (upload: QueuedUpload) => void) {
    this.#capacity = 2 * concurrency;
    this.#start = start;
  }

  /** Those that wait for their turn, then those that run. */
  get all(): QueuedUpload[] {
    return [...this.#waiting, ...this.#running];
  }

  isRunning(upload: QueuedUpload): boolean {
    return this.#running.has(upload);
  }

  /** Gives it a turn when there is room. */
  wait(upload: QueuedUpload): void {
    this.#waiting.add(upload);
    this.fill();
  }

  /** It needs no turn, or no more. */
  leave(upload: QueuedUpload): void {
    this.#waiting.delete(upload);
    this.#running.delete(upload);
    this.fill();
  }

  /** Starts as many as there is room for, after what is being done now. */
  fill(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    queueMicrotask(() => {
      this.#isFilling = false;
      let taken = 0;
      for (const upload of this.#running) taken += weightOf(upload);
      for (const upload of this.#waiting) {
        taken += weightOf(upload);
        if (taken > this.#capacity) return;
        this.#waiting.delete(upload);
        this.#running.add(upload);
        this.#start(upload);
      }
    });
  }
}

/** Whether a file is sent in more than one request, so that there is something to go on with. */
export function isLarge({ progress }: QueuedUpload): boolean {
  return progress.total > SMALL_FILE_BYTES;
}

/** Whether another tab or window uploads it, so that it takes no room here. */
export function isElsewhere({ progress }: QueuedUpload): boolean {
  return progress.problem?.code === "elsewhere";
}

function weightOf(upload: QueuedUpload): number {
  if (isElsewhere(upload)) return 0;
  return isLarge(upload) ? 2 : 1;
}
