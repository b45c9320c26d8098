import type { Part } from "../store.ts";

/** The longest file, in bytes, that the runtime reads by itself, in pieces of 64 KiB. Up to here that is as fast. */
const PLAIN = 16 * 1024 * 1024;

/**
 * The length of a piece at first, and always for a slow client. The runtime holds about three pieces for a connection.
 */
const SMALL = 64 * 1024;
/** The length of a piece for a fast client, whose file takes less than half the time then. */
const LARGE = 512 * 1024;
/** How many clients get large pieces at a time. With three pieces of each that is 48 MiB. */
const MAX_LARGE = 32;

/** How many bytes a fast client takes without a slow piece between. Fewer may only fill the buffers of the sockets. */
const STRETCH = 5 * 1024 * 1024;

/** The time for a piece, in milliseconds, above which a client is slow. */
const SLOW_MS = 50;

/** Reads a part of an open file of `length` bytes. The stream closes the file. */
export type ReadOut = (file: Deno.FsFile, part: Part, length: number) => ReadableStream<Uint8Array<ArrayBuffer>>;

export interface ReadOutOptions {
  /** The monotonic clock, in milliseconds. */
  readonly now?: () => number;
  /** Called with the number of bytes that were read; for a file that the runtime reads by itself, before that. */
  readonly sent?: (bytes: number) => void;
}

/**
 * Makes the function that reads files for clients. A piece of a large file is valid only until the next piece is read,
 * so a reader that keeps a piece copies it. The stream of a large file, or of a part that ends before the file does,
 * fails if the file is shorter than that. Bytes past the part are not read.
 */
export function createReadOut(
  { now = () => performance.now(), sent = () => {} }: ReadOutOptions = {},
): ReadOut {
  let large = 0;

  return (file, { start, end }, length) => {
    file.seekSync(start, Deno.SeekMode.Start);
    if (end === length && end - start <= PLAIN) {
      sent(end - start);
      return file.readable;
    }
    let remaining = end - start;
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
        // The runtime frees the last piece's memory when it is sent. If the garbage collector did it, every piece would
        // be
        // new memory, which the system has to clear, and sending would take half as long again.
        last?.buffer.transfer(0);
        const piece = last = new Uint8Array(Math.min(sizeOfNext(), remaining));
        try {
          const size = await file.read(piece);
          if (size === null) {
            throw new Error(`A file of ${length} bytes lost the last ${remaining} that were to be read`);
          }
          remaining -= size;
          sent(size);
          atAStretch += size;
          controller.enqueue(piece.subarray(0, size));
          if (remaining > 0) return;
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
