import { UploadError } from "../errors.ts";

/** The most folders that are walked at a time, for all clients. A walk takes this process's time, whoever waits for it. */
const MAX_WALKS = 4;

/** The most walks that wait for their turn. */
const MAX_WAITING = 100;

/**
 * Bounds how many folders are walked at a time. Further walks wait, in the order in which they came: most folders take
 * milliseconds, and a browser that follows a link to a folder would not try again after a refusal.
 */
export class Walks {
  #running = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Waits for a turn, which lasts until it is disposed of. Throws `disconnected` when `stop` aborts meanwhile, and
   * `too-many` when too many walks wait.
   */
  async begin(stop: AbortSignal): Promise<Disposable> {
    checkGoesOn(stop);
    if (this.#running < MAX_WALKS) this.#running++;
    else await this.#wait(stop);
    return { [Symbol.dispose]: () => this.#end() };
  }

  #wait(stop: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new UploadError("too-many", "Too many folders are asked for: try again in a few seconds");
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    stop.addEventListener("abort", () => {
      this.#waiting.delete(resolve);
      reject(clientGone());
    }, { once: true });
    return promise;
  }

  /** Gives the turn to the walk that has waited longest. */
  #end(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      return next();
    }
    this.#running--;
  }
}

/** Throws `disconnected` when `stop` has aborted: nobody waits for the walk any more. */
export function checkGoesOn(stop: AbortSignal): void {
  if (stop.aborted) throw clientGone();
}

function clientGone(): UploadError {
  return new UploadError("disconnected", "The client is gone, so its folder is not looked through");
}
