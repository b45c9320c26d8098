import type { Uploader } from "./uploader.ts";

/** Has the server told of uploads that were cancelled, a few at a time. */
export class Cancels {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  readonly #pending = new Map<string, Promise<void>>();
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Ends `uploader` at once, and has the server delete what it has, when its turn comes. `key` stands for the file. */
  add(key: string, uploader: Uploader): void {
    uploader.stop();
    const told = Promise.all([this.#pending.get(key), this.#tell(uploader)]).then(() => {
      if (this.#pending.get(key) === told) this.#pending.delete(key);
    });
    this.#pending.set(key, told);
  }

  /** Resolves when nothing that was cancelled of that file can be deleted any more; `undefined` when nothing can. */
  of(key: string): Promise<void> | undefined {
    return this.#pending.get(key);
  }

  async #tell(uploader: Uploader): Promise<void> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    // The person who cancels has nothing to do about a server that cannot be told: it deletes it by itself.
    await uploader.cancel().catch(() => {});
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
