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
    return new FileAppender(file, (await file.stat()).size, options.syncEntry);
  } catch (error) {
    file.close();
    throw error;
  }
}

class FileAppender implements Appender {
  readonly #file: Deno.FsFile;
  readonly #syncEntry: () => Promise<void>;
  #length: number;
  #entryIsSafe: boolean;

  constructor(file: Deno.FsFile, length: number, syncEntry: () => Promise<void>) {
    this.#file = file;
    this.#length = length;
    this.#syncEntry = syncEntry;
    this.#entryIsSafe = length > 0;
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
    await this.#file.syncData();
    if (this.#entryIsSafe) return;
    // A new file is on disk only when the folder that names it is.
    await this.#syncEntry();
    this.#entryIsSafe = true;
  }

  async cut(length: number): Promise<void> {
    await this.#file.truncate(length);
    this.#length = length;
    await this.#file.syncData();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}
