import type { BodyReader } from "./body_reader.ts";
import { openChunked } from "./chunked_body.ts";

/** The bytes of a request's body, as they come, with a way to end the body from outside. */
export interface BodySource {
  /** The next bytes; `undefined` at the end, and after `end`. A later call may use their buffer again: see `isKept`. */
  read(): Promise<Uint8Array | undefined>;
  /** True when the bytes given last stay valid during the next read: they can be written meanwhile. */
  readonly isKept: boolean;
  /** Ends the body: a read that waits gives `undefined` at once. */
  end(): void;
  /** Leaves the unread bytes in the body, for another reader. */
  release(): void;
}

/** The size of the first buffer, in bytes: a slow client costs little memory. */
const SMALLEST_BUFFER = 4 * 1024;
/** The size of the last buffers, in bytes: a fast client costs few calls. */
const LARGEST_BUFFER = 1024 * 1024;

/**
 * The longest body, in bytes, that mostly comes with its head. Deno 2.9 gives that as a stream that takes no buffers.
 */
const TINY = 8 * 1024;

/**
 * Opens a body for reading. `expected` is its length in bytes, if it is known. A body of known length is read into one
 * buffer, which grows while reads fill it, and into two in turn when they are of full size (I13). `read` throws what
 * the runtime throws for a lost client, and `BacklogError` for a body without a length that cannot be read fast enough.
 */
export function openBody(body: ReadableStream<Uint8Array<ArrayBuffer>>, expected: number | undefined): BodySource {
  const reader = open(body, expected);
  let ended = false;
  let endRead: () => void = () => {};
  return {
    read() {
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        endRead = () => resolve(undefined);
        reader.next().then(resolve, reject);
      });
    },
    get isKept() {
      return reader.isKept;
    },
    end() {
      ended = true;
      endRead();
    },
    release: () => reader.release(),
  };
}

function open(body: ReadableStream<Uint8Array<ArrayBuffer>>, expected: number | undefined): BodyReader {
  if (expected !== undefined && expected <= TINY) return openPlain(body);
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A longer body may have come with its head too.
    return openPlain(body);
  }
  return expected === undefined ? openChunked(reader) : openBuffered(reader);
}

function openPlain(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  const reader = body.getReader();
  return { next: async () => (await reader.read()).value, isKept: false, release: () => reader.releaseLock() };
}

function openBuffered(reader: ReadableStreamBYOBReader): BodyReader {
  let buffer = new Uint8Array(SMALLEST_BUFFER);
  let spare: Uint8Array<ArrayBuffer> | undefined;
  let isKept = false;
  return {
    async next() {
      const { value, done } = await reader.read(buffer);
      if (done) return undefined;
      const size = value.buffer.byteLength;
      isKept = value.length === LARGEST_BUFFER;
      if (value.length < size) {
        buffer = new Uint8Array(value.buffer);
      } else if (size < LARGEST_BUFFER) {
        buffer = new Uint8Array(size * 4);
      } else {
        buffer = spare ?? new Uint8Array(size);
        spare = new Uint8Array(value.buffer);
      }
      return value;
    },
    get isKept() {
      return isKept;
    },
    release: () => reader.releaseLock(),
  };
}
