/** The bytes of a request's body, as they come. Disposing of it leaves what has not been read in the body. */
export interface BodySource extends Disposable {
  /** The next bytes, in a buffer that the next call may use again; `undefined` at the end, and after `end`. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends it: a read that waits gives `undefined` at once. */
  end(): void;
}

/** A slow client costs little memory … */
const SMALLEST_BUFFER = 4 * 1024;
/** … and a fast one few calls. */
const LARGEST_BUFFER = 1024 * 1024;

/** Opens a body for reading with one buffer, used again and again, that grows while reads fill it. */
export function openBody(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodySource {
  const { next, release } = openReader(body);
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
    [Symbol.dispose]: release,
  };
}

function openReader(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): { next(): Promise<Uint8Array | undefined>; release(): void } {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // Deno 2.9 gives a small body as a stream of another kind, whole in one or a few pieces.
    const plain = body.getReader();
    return { next: async () => (await plain.read()).value, release: () => plain.releaseLock() };
  }
  let buffer = new Uint8Array(SMALLEST_BUFFER);
  return {
    async next() {
      const { value, done } = await reader.read(buffer);
      if (done) return undefined;
      const size = value.buffer.byteLength;
      const isFull = value.length === size && size < LARGEST_BUFFER;
      buffer = isFull ? new Uint8Array(size * 4) : new Uint8Array(value.buffer);
      return value;
    },
    release: () => reader.releaseLock(),
  };
}
