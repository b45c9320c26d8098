import { setImmediate } from "node:timers/promises";

/**
 * How many turns of the event loop a pause takes. While something is always ready, Deno looks only after 61 steps of its
 * tasks which sockets have become readable, and a turn is one step at least. (This number comes from Tokio, the library
 * under Deno.) Turns in which nothing is read take about 2 µs each.
 */
export const TURNS_OF_A_PAUSE = 64;

/**
 * How much work is done between two pauses, in bytes: 16 reads of 1 MiB, which take about 10 ms, or 512 short reads,
 * which take about 5 ms.
 */
export const WORK_BETWEEN_PAUSES = 16 * 1024 * 1024;

/**
 * Holds back the reading of bodies, all together, so that the runtime hears of other requests. Bodies whose bytes are
 * always there keep the event loop busy, and each of its turns then reads from every one of them. Thirty such turns
 * would pass before a new request is heard.
 */
export class Pauses {
  #work = 0;
  #pause: Promise<void> | undefined;

  /**
   * Called before a read, with the work that it probably is: resolves when the read may begin; `undefined` if it may at
   * once. Reads that wait begin in the order of their calls, as many as fit between two pauses.
   */
  before(work: number): Promise<void> | undefined {
    return this.#take(work) ? undefined : this.#wait(work);
  }

  /** A read of more than all the work between two pauses begins right after a pause. */
  #take(work: number): boolean {
    if (this.#work > 0 && this.#work + work > WORK_BETWEEN_PAUSES) return false;
    this.#work += work;
    return true;
  }

  async #wait(work: number): Promise<void> {
    do await (this.#pause ??= this.#make()); while (!this.#take(work));
  }

  async #make(): Promise<void> {
    for (let turn = 0; turn < TURNS_OF_A_PAUSE; turn++) await setImmediate();
    this.#work = 0;
    this.#pause = undefined;
  }
}
