import type { Lend } from "./descriptors.ts";
import { createFile, isSameFile, openFile } from "./entries.ts";
import { identityOf } from "./identity.ts";
import type { UnfinishedFile } from "../store.ts";

export interface AppenderOptions {
  /** Lets the file's name survive a power cut: returns when it would. */
  readonly syncEntry: () => Promise<void>;
  /** The name of the folder that the finished file will lie in. */
  readonly folder: string;
  /** False: when what is written gets to the disk is left to the system. */
  readonly durable: boolean;
  /** Opens the handle that flushes a large file. */
  readonly lend: Lend;
}

/**
 * Opens the file at `path` for one writer, at its end; `undefined` where there is none. The lock on it (`flock`) keeps
 * another process on the same data folder out and ends with the process: `locked` when another one has it.
 */
export function openAppender(path: string, options: AppenderOptions): UnfinishedFile | "locked" | undefined {
  const file = openFile(path);
  return file && locked(file, () => new FileAppender(path, file, file.statSync().size, options));
}

/** The same for a file that is made now. */
export function createAppender(path: string, options: AppenderOptions): UnfinishedFile | "locked" {
  const file = createFile(path);
  return file === undefined ? "locked" : locked(file, () => new FileAppender(path, file, 0, options));
}

function locked(file: Deno.FsFile, open: () => UnfinishedFile): UnfinishedFile | "locked" {
  try {
    if (file.tryLockSync(true)) return open();
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return "locked";
}

/** From here on a file is flushed by a handle of its own. */
const LARGE = 1024 * 1024;

/** Up to here a write goes into the system's memory in less time than it takes to have another thread do it. */
const SMALL = 16 * 1024;

class FileAppender implements UnfinishedFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Deno does the operations on one handle one after the other: a flush there would hold up the writes. */
  #flusher: Deno.FsFile | undefined;
  readonly #options: AppenderOptions;
  #length: number;

  constructor(path: string, file: Deno.FsFile, length: number, options: AppenderOptions) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // Short writes are real: a disk that fills up takes a part, and says ENOSPC at the next call.
    for (let rest = bytes; rest.length > 0;) {
      const written = rest.length <= SMALL ? this.#writeNow(rest) : await this.#file.write(rest);
      this.#length += written;
      rest = rest.subarray(written);
    }
  }

  #writeNow(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  async sync(): Promise<void> {
    if (!this.#options.durable) return;
    if (this.#length >= LARGE) this.#flusher ??= this.#openFlusher();
    // A file is on disk only when the folder that names it is.
    await both((this.#flusher ?? this.#file).syncData(), this.#options.syncEntry());
  }

  #openFlusher(): Deno.FsFile {
    const flusher = this.#options.lend(() => Deno.openSync(this.#path, { write: true }));
    if (isSameFile(flusher.statSync(), this.#file.statSync())) return flusher;
    flusher.close();
    throw new Error(`"${this.#path}" was exchanged while it was written to`);
  }

  async cut(length: number): Promise<void> {
    await this.#file.truncate(length);
    this.#length = length;
    if (this.#options.durable) await this.#file.syncData();
  }

  seal(modifiedAt?: number): Promise<string> {
    return Promise.try(() => {
      if (modifiedAt !== undefined) this.#file.utimeSync(new Date(modifiedAt), new Date(modifiedAt));
      return identityOf(this.#file.statSync(), this.#options.folder);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#flusher?.close();
    try {
      // Closing alone does not give the lock back while a program that is just being started still holds this process's
      // files: from its fork to its exec.
      this.#file.unlockSync();
    } finally {
      this.#file.close();
    }
    return Promise.resolve();
  }
}

/** Waits for the end of both, also when one fails: what is still going on would meet a closed file. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.allSettled([one, other]);
  await one;
  await other;
}
