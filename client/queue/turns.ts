import { deferred } from "../async/deferred.ts";
import type { Clock } from "../async/clock.ts";
import { SMALL_FILE_BYTES } from "../upload/pieces.ts";
import type { QueueEntry } from "./queue_entry.ts";

/** The time between two places that are given when nothing but trouble comes of them. */
const PACE_MS = 1000;

/** The things that {@linkcode Turns} work with. */
export interface TurnsOptions {
  /** How many large files there is room for. There is room for twice as many small ones, and for one beside the large. */
  concurrency: number;
  clock: Clock;
  /** Called with an upload that has got its first place. */
  start: (upload: QueueEntry) => void;
}

/**
 * Lets a limited number of uploads run, in the order in which they came. If an upload has a problem that concerns only
 * itself, it gives its place up while it waits for its next try. For that try it needs a place again. So a few files
 * that always fail do not block the others.
 */
export class Turns {
  /** The uploads that have not begun, or begin anew. */
  readonly #waiting = new Set<QueueEntry>();
  /** The small ones among them. */
  readonly #smallWaiting = new Set<QueueEntry>();
  readonly #running = new Set<QueueEntry>();
  /** The running uploads that go in the request of another one, and so need no place of their own. */
  readonly #companions = new Set<QueueEntry>();
  /** The uploads that have given their place up. */
  readonly #yielded = new Set<QueueEntry>();
  /** The uploads that need a place again, each with the function that lets it go on. */
  readonly #returning = new Map<QueueEntry, () => void>();
  readonly #capacity: number;
  readonly #clock: Clock;
  readonly #start: (upload: QueueEntry) => void;
  #isFilling = false;
  #isPaced = false;
  #hasReturned = false;
  /** How many places were given up in a row, without a success in between. */
  #troubles = 0;
  #givenAt = -Infinity;

  constructor({ concurrency, clock, start }: TurnsOptions) {
    this.#capacity = 2 * concurrency;
    this.#clock = clock;
    this.#start = start;
  }

  /** Lists the uploads that wait for their turn or their next try, then those that run. */
  get all(): QueueEntry[] {
    return [...this.#waiting, ...this.#yielded, ...this.#running];
  }

  /** True when its turn has come and it has not been withdrawn since. */
  hasBegun(upload: QueueEntry): boolean {
    return this.#running.has(upload) || this.#yielded.has(upload);
  }

  /** Gives an upload a turn when there is room. */
  wait(upload: QueueEntry): void {
    this.#waiting.add(upload);
    if (!isLarge(upload)) this.#smallWaiting.add(upload);
    this.fill();
  }

  /**
   * Gives a turn to small uploads that wait, in their order, as long as the request of another one `hasRoom` for them.
   * Uploads that may not join it keep their places in the order.
   */
  gather(
    { mayJoin, hasRoom }: { mayJoin: (upload: QueueEntry) => boolean; hasRoom: (upload: QueueEntry) => boolean },
  ): QueueEntry[] {
    const gathered: QueueEntry[] = [];
    for (const upload of this.#smallWaiting) {
      if (!mayJoin(upload)) continue;
      if (!hasRoom(upload)) break;
      gathered.push(upload);
    }
    for (const upload of gathered) {
      this.#waiting.delete(upload);
      this.#smallWaiting.delete(upload);
      this.#running.add(upload);
      this.#companions.add(upload);
    }
    return gathered;
  }

  /** Takes the place of an upload until its next try, for which it calls `comeBack()`. */
  yield(upload: QueueEntry): void {
    if (!this.#running.delete(upload)) return;
    this.#yielded.add(upload);
    this.#troubles++;
    this.fill();
  }

  /** Resolves when an upload that has given its place up has a place again; `undefined` for one that has not. */
  comeBack(upload: QueueEntry): Promise<void> | undefined {
    if (!this.#yielded.has(upload)) return undefined;
    const { promise, resolve } = deferred<void>();
    this.#returning.set(upload, resolve);
    this.fill();
    return promise;
  }

  /** Notes a success: the trouble of the other uploads is their own. */
  goWell(): void {
    this.#troubles = 0;
    if (this.#isPaced) this.fill();
  }

  /** Takes out an upload that needs no turn any more. */
  withdraw(upload: QueueEntry): void {
    this.#waiting.delete(upload);
    this.#smallWaiting.delete(upload);
    this.#running.delete(upload);
    this.#companions.delete(upload);
    this.#yielded.delete(upload);
    this.#returning.delete(upload);
    this.fill();
  }

  /** Starts as many uploads as there is room for, after the present work is done. */
  fill(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    queueMicrotask(() => {
      this.#isFilling = false;
      let taken = 0;
      let small = 0;
      const take = (upload: QueueEntry) => {
        if (this.#companions.has(upload)) return;
        taken += weightOf(upload);
        if (!isLarge(upload)) small++;
      };
      // One small file goes beside any number of large ones.
      const fits = (upload: QueueEntry) =>
        taken + weightOf(upload) <= this.#capacity || small === 0 && !isLarge(upload);
      for (const upload of this.#running) take(upload);
      for (let next = this.#next(fits); next !== undefined; next = this.#next(fits)) {
        if (this.#mustPace()) return;
        take(next);
        this.#give(next);
      }
    });
  }

  /**
   * Picks the next upload: in turn one that comes back and one that has not begun, so that neither keeps the other
   * away. A small file does not wait behind large ones.
   */
  #next(fits: (upload: QueueEntry) => boolean): QueueEntry | undefined {
    const [returning] = this.#returning.keys();
    const [waiting] = this.#waiting;
    const [small] = this.#smallWaiting;
    const first = this.#hasReturned ? waiting ?? returning : returning ?? waiting;
    return [first, small].find((upload) => upload !== undefined && fits(upload));
  }

  #give(upload: QueueEntry): void {
    this.#givenAt = this.#clock.now();
    this.#running.add(upload);
    const goOn = this.#returning.get(upload);
    this.#hasReturned = goOn !== undefined;
    if (goOn === undefined) {
      this.#waiting.delete(upload);
      this.#smallWaiting.delete(upload);
      this.#start(upload);
    } else {
      this.#returning.delete(upload);
      this.#yielded.delete(upload);
      goOn();
    }
  }

  /**
   * True when the queue must wait. If every file meets the same trouble, the queue is not driven through all of them as
   * fast as they fail.
   */
  #mustPace(): boolean {
    const restMs = this.#givenAt + PACE_MS - this.#clock.now();
    if (this.#troubles <= this.#capacity || restMs <= 0) return false;
    if (!this.#isPaced) {
      this.#isPaced = true;
      this.#clock.wait(restMs, new AbortController().signal).then(() => {
        this.#isPaced = false;
        this.fill();
      });
    }
    return true;
  }
}

/** True for a file that is sent in more than one request, so that it can be resumed. */
export function isLarge({ progress }: QueueEntry): boolean {
  return progress.total > SMALL_FILE_BYTES;
}

/** True when another tab or window uploads it, so that it takes no room here. */
export function isElsewhere({ progress }: QueueEntry): boolean {
  return progress.problem?.code === "elsewhere";
}

function weightOf(upload: QueueEntry): number {
  if (isElsewhere(upload)) return 0;
  return isLarge(upload) ? 2 : 1;
}
