import { isDiskFull } from "../errors.ts";
import type { Appender } from "../storage/store.ts";
import { receive, type Received, type ReceiveOptions } from "./receive.ts";

/** The part of an appender that receiving needs. */
export type ReceivingEnd = Pick<Appender, "length" | "write">;

/** A body that was received into memory to its end, whole or not. */
export class HeldBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #received: Received;

  private constructor(bytes: Uint8Array<ArrayBuffer>, received: Received) {
    this.bytes = bytes;
    this.#received = received;
  }

  /** Receives a body of at most `options.limit` bytes into memory. Resolves when the body ends, and never throws. */
  static async receive(
    body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
    options: ReceiveOptions,
  ): Promise<HeldBody> {
    const memory = new MemoryAppender(options.limit);
    const received = await receive(body, memory, options);
    return new HeldBody(memory.bytes, received);
  }

  /** Holds bytes that were received otherwise. `end` is how they ended. */
  static of(bytes: Uint8Array<ArrayBuffer>, end: Received["end"]): HeldBody {
    return new HeldBody(bytes, { received: bytes.length, end });
  }

  /** How the body ended. */
  get end(): Received["end"] {
    return this.#received.end;
  }

  /** Appends the body to a file, with the same result as {@linkcode receive}. */
  async appendTo(appender: ReceivingEnd, { limit, onPiece }: ReceiveOptions): Promise<Received> {
    if (this.bytes.length > limit) return { received: 0, end: "too-long" };
    const start = appender.length;
    try {
      await appender.write(this.bytes);
      onPiece(this.bytes);
      return this.#received;
    } catch (error) {
      return { received: appender.length - start, end: isDiskFull(error) ? "disk-full" : "failed", error };
    }
  }
}

/** Holds up to `limit` bytes in memory. It takes no more memory than twice what came. */
export class MemoryAppender implements ReceivingEnd {
  length = 0;
  readonly #limit: number;
  #buffer = new ArrayBuffer(0);

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.length);
  }

  write(bytes: Uint8Array): Promise<void> {
    const length = this.length + bytes.length;
    if (this.length === 0) {
      // Most small bodies come in one piece.
      this.#buffer = bytes.slice().buffer;
    } else if (length > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(length, Math.min(2 * length, this.#limit)));
    }
    if (this.length > 0) new Uint8Array(this.#buffer).set(bytes, this.length);
    this.length = length;
    return Promise.resolve();
  }
}
