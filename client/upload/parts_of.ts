import { bytesOf, gone } from "./bytes_of.ts";

/**
 * Gives the bytes of a piece of a file in parts of `partBytes`, all but the last. They lie in memory that the next part
 * uses again: a browser keeps what nobody needs any more for a while, and while a large file is sent that would be
 * hundreds of megabytes. Throws as {@linkcode bytesOf} does.
 */
export async function* partsOf(
  piece: Blob,
  partBytes: number,
): AsyncGenerator<ArrayBuffer | Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = byteReader(piece);
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
}

/** A reader that fills memory which it is given; `undefined` in a browser that has none. */
function byteReader(piece: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return piece.stream().getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
