import type { IncomingMessage } from "node:http";
import { setImmediate } from "node:timers/promises";

/** How many bytes of a body are held at most before its connection is not read any more. One piece more may come. */
const HELD = 1024 * 1024;

/** The size of a reader's buffer, in bytes, from which it is filled as far as the client keeps up. */
const LARGE_BUFFER = 128 * 1024;

/** The most bytes that are given at a time to a reader without a buffer of its own. */
const PIECE = 64 * 1024;

/**
 * The body of a request that came over `node:http`, as a byte stream. Nothing is read from the connection before the
 * first read of the stream, and nothing while {@linkcode HELD} bytes wait for a reader. Every byte that came is given
 * before the stream ends, or fails because the client is gone.
 */
export class NodeBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #message: IncomingMessage;
  readonly #onFirstRead: () => void;
  #pieces: Uint8Array[] = [];
  /** How many bytes of the first piece are given already. */
  #given = 0;
  #held = 0;
  #isReading = false;
  #isCancelled = false;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** `onFirstRead` is called once, before the connection is read for this body. */
  constructor(message: IncomingMessage, onFirstRead: () => void) {
    this.#message = message;
    this.#onFirstRead = onFirstRead;
    this.stream = new ReadableStream({
      type: "bytes",
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#cancel(),
    });
  }

  /** True when the reader wants no more of it. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Throws away what is held, and ends the stream. The message is for somebody else from now on. */
  abandon(): void {
    this.#cancel();
    this.#end ??= {};
    this.#wake();
  }

  #cancel(): void {
    this.#isCancelled = true;
    this.#pieces = [];
    this.#held = 0;
    this.#message.off("data", this.#onData);
    this.#message.pause();
  }

  #pull(controller: ReadableByteStreamController): void | Promise<void> {
    if (!this.#isReading) this.#begin();
    if (this.#held > 0) return this.#give(controller);
    if (this.#end !== undefined) return this.#finish(controller, this.#end);
    return new Promise<void>((resolve) => this.#wake = resolve).then(async () => {
      await this.#gather(controller.byobRequest?.view?.byteLength ?? 0);
      return this.#pull(controller);
    });
  }

  /** Waits while each turn of the event loop brings more for a large buffer: fewer and larger reads cost less. */
  async #gather(size: number): Promise<void> {
    if (size < LARGE_BUFFER) return;
    for (let before = 0; before < this.#held && this.#held < size && this.#end === undefined;) {
      before = this.#held;
      await setImmediate();
    }
  }

  #begin(): void {
    this.#isReading = true;
    if (this.#end !== undefined) return;
    this.#onFirstRead();
    const message = this.#message;
    if (message.complete && message.readableEnded) return void (this.#end = {});
    const lost = () => this.lose(new Deno.errors.ConnectionReset("The client is gone in the middle of a body"));
    if (message.destroyed) return lost();
    message.on("data", this.#onData);
    message.once("end", () => this.#endWith({}));
    message.once("aborted", lost);
    message.once("error", (error) => this.lose(error));
    message.once("close", lost);
  }

  readonly #onData = (piece: Uint8Array) => {
    this.#take(piece);
    if (this.#held >= HELD) this.#message.pause();
  };

  #take(piece: Uint8Array): void {
    if (this.#isCancelled || piece.length === 0) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
    this.#wake();
  }

  /** Ends the body for a lost client, with every byte that had come. A body that had come to its end is whole. */
  lose(error: unknown): void {
    if (this.#end !== undefined) return;
    // A message that is destroyed gives no more events, but keeps what it holds.
    this.#message.off("data", this.#onData);
    for (let piece; (piece = this.#message.read() as Uint8Array | null) !== null;) this.#take(piece);
    this.#endWith(this.#message.complete ? {} : { error });
  }

  #endWith(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  #give(controller: ReadableByteStreamController): void {
    const request = controller.byobRequest;
    if (request === null) {
      // A stream takes the memory of what it is given, and others may have parts of it.
      const piece = new Uint8Array(Math.min(this.#held, PIECE));
      this.#fill(piece);
      controller.enqueue(piece);
    } else {
      const { buffer, byteOffset, byteLength } = request.view!;
      request.respond(this.#fill(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)));
    }
    if (this.#end === undefined && this.#held < HELD / 2 && this.#message.isPaused()) this.#message.resume();
  }

  /** Moves held bytes into a buffer, as many as fit; gives how many. */
  #fill(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length && this.#held > 0) {
      const piece = this.#pieces[0]!;
      const part = piece.subarray(this.#given, this.#given + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#held -= part.length;
      this.#given += part.length;
      if (this.#given < piece.length) break;
      this.#given = 0;
      this.#pieces.shift();
    }
    return filled;
  }

  #finish(controller: ReadableByteStreamController, { error }: { readonly error?: unknown }): void {
    if (error !== undefined) return controller.error(error);
    controller.close();
    controller.byobRequest?.respond(0);
  }
}
