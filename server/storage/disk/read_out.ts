/** Up to here the runtime takes no longer by itself, in pieces of 64 KiB. */
const PLAIN = 16 * 1024 * 1024;

/** What everybody gets at first, and a slow client always; the runtime holds about three pieces for a connection … */
const SMALL = 64 * 1024;
/** … and a fast one, for less than half the time … */
const LARGE = 512 * 1024;
/** … so many at a time: 48 MiB, with three pieces of each. */
const MAX_LARGE = 32;

/** Who takes so much at a stretch is fast: less may only lie in the buffers of the sockets. */
const STRETCH = 5 * 1024 * 1024;

/** A client that takes longer for a piece is slow. */
const SLOW_MS = 50;

/** Gives the `length` bytes of an open file that stands at its beginning; the stream closes it. */
export type ReadOut = (file: Deno.FsFile, length: number) => ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Makes the function that reads files for clients. A large file's piece is only there until the next one is asked for:
 * who keeps it copies it. Where a large file turns out to be shorter than `length` its stream fails; what it is longer
 * is not read.
 */
export function createReadOut({ now = () => performance.now() }: { now?: () => number } = {}): ReadOut {
  let large = 0;

  return (file, length) => {
    if (length <= PLAIN) return file.readable;
    let left = length;
    let atAStretch = 0;
    let askedAt = now();
    let isLarge = false;
    let isOpen = true;
    let last: Uint8Array<ArrayBuffer> | undefined;

    function close(): void {
      if (!isOpen) return;
      isOpen = false;
      if (isLarge) large--;
      file.close();
    }

    function sizeOfNext(): number {
      const before = askedAt;
      askedAt = now();
      if (askedAt - before > SLOW_MS) atAStretch = 0;
      if (atAStretch < STRETCH) return SMALL;
      if (!isLarge && large < MAX_LARGE) {
        isLarge = true;
        large++;
      }
      return isLarge ? LARGE : SMALL;
    }

    return new ReadableStream({
      async pull(controller) {
        // The runtime frees it when it is sent. Left to the garbage collector, every piece would be new memory, which
        // the system has to clear: half as much time again.
        last?.buffer.transfer(0);
        const piece = last = new Uint8Array(Math.min(sizeOfNext(), left));
        try {
          const size = await file.read(piece);
          if (size === null) throw new Error(`A file of ${length} bytes lost its last ${left} while it was read`);
          left -= size;
          atAStretch += size;
          controller.enqueue(piece.subarray(0, size));
          if (left > 0) return;
          controller.close();
          close();
        } catch (error) {
          close();
          throw error;
        }
      },
      cancel: close,
    }, { highWaterMark: 0 });
  };
}
