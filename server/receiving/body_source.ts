/** The bytes of a request's body, as they come. */
export interface BodySource {
  /**
   * The next bytes; `undefined` at the end, and after `end`. The next call may use their buffer again; where they are
   * {@linkcode LARGEST_BUFFER} bytes, only the one after that: they can be written while it waits.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Ends it: a read that waits gives `undefined` at once. */
  end(): void;
  /** Leaves what has not been read in the body, for others to read. */
  leave(): void;
}

/** A slow client costs little memory … */
const SMALLEST_BUFFER = 4 * 1024;
/** … and a fast one few calls. */
export const LARGEST_BUFFER = 1024 * 1024;

/** A body of so few bytes has mostly come with its head: Deno 2.9 gives it as a stream that takes no buffers. */
const TINY = 8 * 1024;

/**
 * Opens a body for reading with one buffer, used again and again, that grows while reads fill it, and two in the end.
 * `expected` is the body's length in bytes, where it is known.
 */
export function openBody(body: ReadableStream<Uint8Array<ArrayBuffer>>, expected: number | undefined): BodySource {
  const { next, leave } = expected !== undefined && expected <= TINY ? openPlain(body) : openBuffered(body);
  let ended = false;
  let endRead: () => void = () => {};
  return {
    read() {
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        endRead = () => resolve(undefined);
        next().then(resolve, reject);
      });
    },
    end() {
      ended = true;
      endRead();
    },
    leave,
  };
}

interface Reader {
  next(): Promise<Uint8Array | undefined>;
  leave(): void;
}

function openPlain(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  const reader = body.getReader();
  return { next: async () => (await reader.read()).value, leave: () => reader.releaseLock() };
}

function openBuffered(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A larger one, too, may have come with its head.
    return openPlain(body);
  }
  let buffer = new Uint8Array(SMALLEST_BUFFER);
  let spare: Uint8Array<ArrayBuffer> | undefined;
  return {
    async next() {
      const { value, done } = await reader.read(buffer);
      if (done) return undefined;
      const size = value.buffer.byteLength;
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
    leave: () => reader.releaseLock(),
  };
}
