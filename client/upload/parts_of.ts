import { bytesOf, gone } from "./bytes_of.ts";

/** Fills memory that it is given with the next bytes of a piece. */
export interface ByteReader {
  read(memory: Uint8Array<ArrayBuffer>): Promise<{ value?: Uint8Array<ArrayBuffer> | undefined }>;
}

/**
 * The readers that somebody reads from. Chromium collects the stream of a file that nothing holds, even while somebody
 * waits for its bytes, and then they never come.
 */
const reading = new Set<ByteReader | undefined>();

/**
 * Gives the bytes of a piece of a file in parts of `partBytes`, all but the last. They lie in memory that the next part
 * uses again: a browser keeps what nobody needs any more for a while, and while a large file is sent that would be
 * hundreds of megabytes. `reader` stands at the first byte of the piece. Without one each part is a blob of its own.
 * Throws as {@linkcode bytesOf} does.
 */
export async function* partsOf(
  piece: Blob,
  partBytes: number,
  reader: ByteReader | undefined,
): AsyncGenerator<ArrayBuffer | Uint8Array<ArrayBuffer>, void, undefined> {
  reading.add(reader);
  try {
    let memory = new ArrayBuffer(reader === undefined ? 0 : partBytes);
    for (let at = 0; at < piece.size; at += partBytes) {
      const size = Math.min(partBytes, piece.size - at);
      if (reader === undefined) {
        yield await bytesOf(piece.slice(at, at + size));
        continue;
      }
      for (let count = 0; count < size;) {
        const { value } = await reader.read(new Uint8Array(memory, count, size - count));
        if (!value?.byteLength) throw gone();
        memory = value.buffer;
        count += value.byteLength;
      }
      yield new Uint8Array(memory, 0, size);
    }
  } finally {
    reading.delete(reader);
  }
}

/** Opens a reader of a blob; `undefined` in a browser that has none. */
export function byteReader(piece: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return piece.stream().getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
