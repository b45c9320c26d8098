import type { Appender } from "./store.ts";

/**
 * Opens the file at `path` for one writer, at its end, making it where there is none. The lock on it (`flock`) keeps
 * another process on the same data folder out and ends with the process. `undefined` when another one has it.
 */
export async function openAppender(
  path: string,
  options: { syncEntry: () => Promise<void> },
): Promise<Appender | undefined> {
  const file = await Deno.open(path, { create: true, append: true });
  try {
    if (!await file.tryLock(true)) {
      file.close();
      return undefined;
    }
    return new FileAppender(path, file, (await file.stat()).size, options.syncEntry);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** From here on a file is flushed by a handle of its own. */
const LARGE = 1024 * 1024;

class FileAppender implements Appender {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Deno does the operations on one handle one after the other: a flush there would hold up the writes. */
  #flusher: Deno.FsFile | undefined;
  readonly #syncEntry: () => Promise<void>;
  #length: number;

  constructor(path: string, file: Deno.FsFile, length: number, syncEntry: () => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#syncEntry = syncEntry;
  }

  get length(): number {
    return this.#length;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // Short writes are real: a disk that fills up takes a part, and says ENOSPC at the next call.
    for (let rest = bytes; rest.length > 0;) {
      const written = await this.#file.write(rest);
      this.#length += written;
      rest = rest.subarray(written);
    }
  }

  async sync(): Promise<void> {
    if (this.#length >= LARGE) this.#flusher ??= await Deno.open(this.#path, { write: true });
    await (this.#flusher ?? this.#file).syncData();
    // A file is on disk only when the folder that names it is.
    await this.#syncEntry();
  }

  async cut(length: number): Promise<void> {
    await this.#file.truncate(length);
    this.#length = length;
    await this.#file.syncData();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#flusher?.close();
    this.#file.close();
    return Promise.resolve();
  }
}
