import { Gate } from "./gate.ts";
import { mayCancelLater } from "../upload/cancel_on_server.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Tells the server of cancelled uploads, a few at a time. */
export class Cancels {
  readonly #gate: Gate;
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(most: number) {
    this.#gate = new Gate(most);
  }

  /**
   * Ends `uploader` at once. Has the server delete what it holds, when its turn comes and `around` runs the function
   * that it gets. `key` stands for the file. Resolves to false when the server could not be told, and a later try may
   * tell it.
   */
  add(
    key: string,
    uploader: Uploader,
    around: (tell: () => Promise<boolean>) => Promise<boolean> = (tell) => tell(),
  ): Promise<boolean> {
    uploader.stop();
    const told = around(() =>
      this.#gate.run(() => uploader.cancel()).then(() => true, (error) => !mayCancelLater(error))
    );
    const all = Promise.all([this.#pending.get(key), told]).then(() => {
      if (this.#pending.get(key) === all) this.#pending.delete(key);
    });
    this.#pending.set(key, all);
    return told;
  }

  /** Resolves when no cancel of that file is under way any more; `undefined` when none is now. */
  of(key: string): Promise<unknown> | undefined {
    return this.#pending.get(key);
  }
}
