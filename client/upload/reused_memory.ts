import { bytesOf } from "./bytes_of.ts";

/** A smaller part is read at one go, which asks the browser for it once. */
const SMALL_BYTES = 2 ** 20;
/** A larger part is read into memory of its own, which is not kept. */
const LARGE_BYTES = 16 * 2 ** 20;

/**
 * Reads parts of files into memory that is used again and again. A browser keeps what nobody needs any more for a while,
 * and while a large file is sent that would be hundreds of megabytes.
 */
export class ReusedMemory {
  #memory = new ArrayBuffer(0);

  /**
   * Reads all bytes of a part. They stay until the next call, which may come only when nobody needs them any more.
   * Rejects as {@linkcode bytesOf} does.
   */
  async read(part: Blob): Promise<ArrayBuffer | Uint8Array<ArrayBuffer>> {
    const reader = part.size > SMALL_BYTES && part.size <= LARGE_BYTES ? byteReader(part) : undefined;
    if (reader === undefined) return await bytesOf(part);
    // A failed read may have taken the memory with it.
    let memory = this.#memory.byteLength >= part.size ? this.#memory : new ArrayBuffer(part.size);
    let count = 0;
    try {
      while (count < part.size) {
        const { value } = await reader.read(new Uint8Array(memory, count, part.size - count));
        if (value === undefined || value.byteLength === 0) break;
        memory = value.buffer;
        count += value.byteLength;
      }
    } finally {
      reader.releaseLock();
    }
    if (count < part.size) throw new RangeError(`${count} of ${part.size} bytes are there`);
    this.#memory = memory;
    return new Uint8Array(memory, 0, count);
  }
}

/** A reader that fills memory which it is given; `undefined` in a browser that has none. */
function byteReader(part: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return part.stream().getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
