import { bytesOf, gone } from "./bytes_of.ts";

/** A smaller part is read at one go, which asks the browser for it once. */
const SMALL_BYTES = 2 ** 20;
/** A larger part is read into memory of its own, which is not kept. */
const LARGE_BYTES = 16 * 2 ** 20;
/**
 * The bytes that are read at a time: as many as Chromium gives at once. The memory that a reader fills is another object
 * after each read. A browser collects its garbage early where such objects are large, and that takes longer than reading.
 */
const READ_BYTES = 2 ** 19;

/** Reads all bytes of a part. Rejects as {@linkcode bytesOf} does. */
export type ReadPart = (part: Blob) => Promise<ArrayBuffer | Uint8Array<ArrayBuffer>>;

/**
 * Makes a function that reads parts of files into memory that is used again and again. A browser keeps what nobody needs
 * any more for a while, and while a large file is sent that would be hundreds of megabytes. The bytes stay until the next
 * call, which may come only when nobody needs them any more.
 */
export function createReadPart(): ReadPart {
  let whole = new Uint8Array(0);
  let memory = new ArrayBuffer(0);
  return async (part) => {
    const { size } = part;
    const reader = size > SMALL_BYTES && size <= LARGE_BYTES ? byteReader(part) : undefined;
    if (reader === undefined) return await bytesOf(part);
    if (whole.length < size) whole = new Uint8Array(size);
    // A failed read may have taken the memory with it.
    if (memory.byteLength === 0) memory = new ArrayBuffer(READ_BYTES);
    for (let count = 0; count < size;) {
      const { value } = await reader.read(new Uint8Array(memory, 0, Math.min(READ_BYTES, size - count)));
      if (!value?.byteLength) throw gone();
      whole.set(value, count);
      memory = value.buffer;
      count += value.byteLength;
    }
    return whole.subarray(0, size);
  };
}

/** A reader that fills memory which it is given; `undefined` in a browser that has none. */
function byteReader(part: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return part.stream().getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
