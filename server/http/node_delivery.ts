/** The fate of an answer: it is sent, or its client is gone before. */
export class Delivery {
  #state: "open" | "sent" | "gone" = "open";
  #completed: PromiseWithResolvers<void> | undefined;
  #wake: (() => void) | undefined;
  #onGone: (() => void)[] | undefined;

  /** True when the client was gone before its answer was sent. */
  get isGone(): boolean {
    return this.#state === "gone";
  }

  /** Resolves when the answer is sent, and rejects when the client is gone before. Made when it is first asked for. */
  get completed(): Promise<void> {
    if (this.#completed === undefined) {
      this.#completed = Promise.withResolvers();
      // Nobody has to listen.
      this.#completed.promise.catch(() => {});
      this.#settle();
    }
    return this.#completed.promise;
  }

  /** Says that the answer is with the system. */
  sent(): void {
    if (this.#state !== "open") return;
    this.#state = "sent";
    this.#settle();
  }

  /** Says that the client is gone. After the answer that means nothing to those who wait for the delivery. */
  leave(): void {
    this.#wake?.();
    if (this.#state !== "open") return;
    this.#state = "gone";
    this.#settle();
    for (const callback of this.#onGone ?? []) callback();
  }

  /** Calls back when the client is gone before its answer was sent; at once when it is gone already. */
  onGone(callback: () => void): void {
    if (this.isGone) callback();
    else (this.#onGone ??= []).push(callback);
  }

  /**
   * Hands a piece of the answer to the system, which calls `done` then. Resolves when it does, or when the client is
   * gone. The pieces go one after the other.
   */
  taken(hand: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.isGone) resolve();
      else hand(resolve);
    });
  }

  #settle(): void {
    if (this.#state === "sent") this.#completed?.resolve();
    if (this.#state !== "gone") return;
    this.#completed?.reject(new Deno.errors.ConnectionReset("The client is gone before its answer was sent"));
  }
}
