import { setImmediate } from "node:timers/promises";
import { readOn } from "./node_flow.ts";
import type { BodySink, NodeMessage } from "./node_message.ts";

/**
 * How many bytes of a body are held for its reader before its connection is not read any more. One read of the
 * connection more may come, which is 64 KiB.
 */
const HELD = 256 * 1024;

/** The size of a reader's buffer, in bytes, from which it is filled as far as the client keeps up. */
const LARGE_BUFFER = 128 * 1024;

/** The most bytes that are given at a time to a reader without a buffer of its own. */
const PIECE = 64 * 1024;

/**
 * The body of a request that came over `node:http`, as a byte stream. Nothing is read from the connection before the
 * first read of the stream, and nothing while {@linkcode HELD} bytes wait for a reader. Every byte that came is given
 * before the stream ends, or fails because the client is gone.
 *
 * A piece that comes goes straight into the buffer of the reader that waits, and its memory is given back at once.
 */
export class NodeBody implements BodySink {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #message: NodeMessage;
  readonly #onFirstRead: () => void;
  /** The buffer of the reader that waits, and how much of it is filled. */
  #view: Uint8Array | undefined;
  #filled = 0;
  /** The bytes that came while no reader waited lie in here, from `#start` to `#end`. */
  #store = new Uint8Array();
  #start = 0;
  #end = 0;
  #isReading = false;
  #isPaused = false;
  #isDiscarding = false;
  #isCancelled = false;
  #over: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** `onFirstRead` is called once, before the connection is read for this body. */
  constructor(message: NodeMessage, onFirstRead: () => void) {
    this.#message = message;
    this.#onFirstRead = onFirstRead;
    this.stream = new ReadableStream({
      type: "bytes",
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#isCancelled = true;
        this.#discard();
      },
    });
  }

  /** Throws away what is held, and ends the stream. The message is for somebody else from now on. */
  abandon(): void {
    this.#over ??= {};
    this.#message.sendTo(undefined);
    this.#discard();
  }

  take(piece: Uint8Array): boolean {
    if (this.#isDiscarding) return false;
    const view = this.#view;
    let taken = 0;
    if (view !== undefined && this.#filled < view.length) {
      taken = Math.min(piece.length, view.length - this.#filled);
      view.set(taken < piece.length ? piece.subarray(0, taken) : piece, this.#filled);
      this.#filled += taken;
    }
    if (taken < piece.length) this.#hold(piece.subarray(taken));
    release(piece);
    this.#wake?.();
    this.#isPaused = this.#held >= HELD;
    return !this.#isPaused;
  }

  end(): void {
    this.#endWith({});
  }

  /** Ends the body for a lost client, with every byte that had come. A body that had come to its end is whole. */
  lose(error: unknown): void {
    this.#endWith(this.#message.complete ? {} : { error });
  }

  get #held(): number {
    return this.#end - this.#start;
  }

  #discard(): void {
    this.#isDiscarding = true;
    this.#start = this.#end = 0;
    this.#store = new Uint8Array();
    this.#wake?.();
  }

  #endWith(over: { readonly error?: unknown }): void {
    this.#over ??= over;
    this.#wake?.();
  }

  #hold(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#store.length) {
      const held = this.#store.subarray(this.#start, this.#end);
      const needed = held.length + bytes.length;
      const larger = needed > this.#store.length ? new Uint8Array(Math.max(needed, 2 * this.#store.length)) : undefined;
      if (larger === undefined) this.#store.copyWithin(0, this.#start, this.#end);
      else larger.set(held);
      this.#store = larger ?? this.#store;
      this.#start = 0;
      this.#end = held.length;
    }
    this.#store.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Moves held bytes into a buffer, as many as fit; gives how many. */
  #moveTo(target: Uint8Array): number {
    const bytes = this.#store.subarray(this.#start, Math.min(this.#end, this.#start + target.length));
    target.set(bytes);
    this.#start += bytes.length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return bytes.length;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    if (!this.#isReading) this.#begin();
    const request = controller.byobRequest;
    if (request === null) return await this.#enqueue(controller);
    const { buffer, byteOffset, byteLength } = request.view!;
    const view = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    this.#filled = this.#moveTo(view);
    this.#view = view;
    this.#readOn();
    if (this.#filled === 0) await this.#untilMore();
    if (view.length >= LARGE_BUFFER) await this.#gather(view.length);
    this.#view = undefined;
    if (this.#isCancelled) return;
    if (this.#filled > 0) request.respond(this.#filled);
    else this.#finish(controller);
  }

  /** Gives a piece to a reader without a buffer. A stream takes the memory of what it is given. */
  async #enqueue(controller: ReadableByteStreamController): Promise<void> {
    this.#filled = 0;
    if (this.#held === 0) await this.#untilMore();
    if (this.#isCancelled) return;
    if (this.#held === 0) return this.#finish(controller);
    controller.enqueue(this.#piece());
    this.#readOn();
  }

  #piece(): Uint8Array<ArrayBuffer> {
    const store = this.#store;
    const piece = this.#held === store.length ? store : new Uint8Array(Math.min(this.#held, PIECE));
    if (piece !== store) {
      this.#moveTo(piece);
      return piece;
    }
    this.#store = new Uint8Array();
    this.#start = this.#end = 0;
    return piece;
  }

  /** Waits until bytes came, or the end. */
  async #untilMore(): Promise<void> {
    while (this.#filled === 0 && this.#held === 0 && this.#over === undefined && !this.#isCancelled) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
  }

  /** Waits while each turn of the event loop brings more for a large buffer: fewer and larger reads cost less. */
  async #gather(size: number): Promise<void> {
    for (let before = 0; before < this.#filled && this.#filled < size && this.#over === undefined;) {
      before = this.#filled;
      await setImmediate();
    }
  }

  #begin(): void {
    this.#isReading = true;
    if (this.#isDiscarding) return;
    if (this.#over === undefined) this.#onFirstRead();
    const message = this.#message;
    for (let piece; (piece = message.read() as Uint8Array | null) !== null;) this.take(piece);
    if (this.#over !== undefined) return;
    if (message.complete) return this.end();
    if (message.destroyed) {
      return this.lose(new Deno.errors.ConnectionReset("The client is gone in the middle of a body"));
    }
    message.sendTo(this);
    readOn(message.socket);
  }

  #readOn(): void {
    if (!this.#isPaused || this.#over !== undefined || this.#held >= HELD / 2) return;
    this.#isPaused = false;
    readOn(this.#message.socket);
  }

  #finish(controller: ReadableByteStreamController): void {
    const { error } = this.#over!;
    if (error !== undefined) return controller.error(error);
    controller.close();
    controller.byobRequest?.respond(0);
  }
}

/** Gives the memory of a piece back, unless others have parts of it. The garbage collector would let much of it gather. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
