import { Gate } from "./gate.ts";
import { UploadError } from "../protocol/upload_error.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Has the server told of uploads that were cancelled, a few at a time. */
export class Cancels {
  readonly #gate: Gate;
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(most: number) {
    this.#gate = new Gate(most);
  }

  /**
   * Ends `uploader` at once, and has the server delete what it has, when its turn comes and `around` runs what it gets.
   * `key` stands for the file. Resolves to false when the server could not be told, and a later try may tell it.
   */
  add(
    key: string,
    uploader: Uploader,
    around: (tell: () => Promise<boolean>) => Promise<boolean> = (tell) => tell(),
  ): Promise<boolean> {
    uploader.stop();
    const told = around(() => this.#gate.run(() => uploader.cancel()).then(() => true, isEnd));
    const all = Promise.all([this.#pending.get(key), told]).then(() => {
      if (this.#pending.get(key) === all) this.#pending.delete(key);
    });
    this.#pending.set(key, all);
    return told;
  }

  /** Resolves when nothing that was cancelled of that file can be deleted any more; `undefined` when nothing can. */
  of(key: string): Promise<unknown> | undefined {
    return this.#pending.get(key);
  }
}

/** Whether a cancel that was not carried out will never be: the file is finished, or cannot be read any more. */
function isEnd(error: unknown): boolean {
  return !(error instanceof UploadError && error.code === "no-progress");
}
