/** The body of a request that goes on until a test ends it. */
export interface OpenBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Resolves when the first bytes were read, and more are waited for. */
  readonly read: Promise<void>;
  /** Brings the last bytes. */
  end(rest?: Uint8Array<ArrayBuffer>): void;
}

/** Makes a body that brings some bytes, and then waits. */
export function openBodyOf(first: Uint8Array<ArrayBuffer>): OpenBody {
  const { promise: read, resolve } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  let pulls = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (pulls++ === 0) return controller.enqueue(first);
      resolve();
      const rest = await ended;
      if (rest.length > 0) controller.enqueue(rest);
      controller.close();
    },
  }, { highWaterMark: 0 });
  return { body, read, end: (rest = new Uint8Array(0)) => end(rest) };
}
