import { isDiskFull } from "../errors.ts";
import type { Appender } from "../storage/store.ts";
import { receive, type Received, type ReceiveOptions } from "./receive.ts";

/** Where the bytes of a body go. */
export type ReceivingEnd = Pick<Appender, "length" | "write">;

/** A body that has come to its end in memory, whole or not: what becomes of it can still be decided. */
export class HeldBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #received: Received;

  private constructor(bytes: Uint8Array<ArrayBuffer>, received: Received) {
    this.bytes = bytes;
    this.#received = received;
  }

  /** Receives a body of at most `options.limit` bytes into memory. Returns, never throws, when it ends. */
  static async receive(
    body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
    options: ReceiveOptions,
  ): Promise<HeldBody> {
    const memory = new MemoryAppender(options.limit);
    const received = await receive(body, memory, options);
    return new HeldBody(memory.bytes, received);
  }

  /** How it came to its end. */
  get end(): Received["end"] {
    return this.#received.end;
  }

  /** Appends it to a file, as {@linkcode receive} does with a body that is still to come. */
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

/** Takes up to `limit` bytes into memory, of which it takes no more than twice what has come. */
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
    if (length > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(length, Math.min(2 * length, this.#limit)));
    }
    new Uint8Array(this.#buffer).set(bytes, this.length);
    this.length = length;
    return Promise.resolve();
  }
}
