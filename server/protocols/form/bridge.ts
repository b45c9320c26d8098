/** Brings pieces of bytes that come one by one to a reader of a stream. */
export class Bridge {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Resolves when the reader wants a piece, and so is done with the one before. */
  #wanted = Promise.withResolvers<void>();
  #isOver = false;

  constructor() {
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#wanted.resolve(),
      cancel: () => this.leave(),
    }, { highWaterMark: 0 });
  }

  /** Gives a piece to the reader. Resolves when the reader is done with it, or reads no more. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#wanted.promise;
    if (this.#isOver) return;
    this.#wanted = Promise.withResolvers();
    this.#controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
    await this.#wanted.promise;
  }

  /** Ends the stream: all pieces came, or with an `error` they did not. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.leave();
    if (error === undefined) this.#controller.close();
    else this.#controller.error(error);
  }

  /** Says that the reader reads no more. Later pieces are dropped. */
  leave(): void {
    this.#isOver = true;
    this.#wanted.resolve();
  }
}
