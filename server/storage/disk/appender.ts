import type { Lend } from "./descriptors.ts";
import { createFile, entryAt, isSameFile, openFile } from "./entries.ts";
import { identityOf } from "./identity.ts";
import type { UnfinishedFile } from "../store.ts";

export interface AppenderOptions {
  /** Flushes the upload's own entry. Resolves when the file's name is safe. */
  readonly flushEntry: () => Promise<void>;
  /** The identity of the folder of finished files. */
  readonly folder: string;
  /** False when flushing is left to the system (`--durability relaxed`). */
  readonly durable: boolean;
  /** Opens the handle that flushes a large file, with a spare descriptor if no other is free. */
  readonly lend: Lend;
  /** Called when a flush is done, with the milliseconds that it took. */
  readonly flushed: (ms: number) => void;
}

/**
 * Opens the file at `path` for its one writer; `undefined` when there is none. A lock on the file (`flock`) keeps other
 * processes out, and ends with this process (I3). `locked` when another process has the lock, or has just removed the file.
 */
export function openAppender(path: string, options: AppenderOptions): UnfinishedFile | "locked" | undefined {
  const file = openFile(path, options.lend);
  return file && locked(file, () => {
    const [info, entry] = [file.statSync(), entryAt(path)];
    // Another process may have had the lock until now, and have removed the file: what is written to it would be lost.
    const isThere = entry !== undefined && isSameFile(entry, info);
    return isThere ? new FileAppender(path, file, info.size, options) : undefined;
  });
}

/** Makes the file at `path` for its one writer. `locked` when another process made it first. */
export function createAppender(path: string, options: AppenderOptions): UnfinishedFile | "locked" {
  const file = createFile(path, options.lend);
  return file === undefined ? "locked" : locked(file, () => new FileAppender(path, file, 0, options));
}

function locked(file: Deno.FsFile, open: () => UnfinishedFile | undefined): UnfinishedFile | "locked" {
  try {
    const opened = file.tryLockSync(true) ? open() : undefined;
    if (opened !== undefined) return opened;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return "locked";
}

/** The length in bytes from which a file is flushed by a second handle. */
const LARGE = 1024 * 1024;

/** The most bytes that are written by a synchronous call. Up to here that is faster than a call on another thread. */
const SMALL = 16 * 1024;

class FileAppender implements UnfinishedFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /**
   * The second handle. Deno runs the operations on one handle one after the other, so a flush on it would delay writes.
   */
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
    // A write can be short: a disk that fills up takes a part, and fails with ENOSPC at the next call.
    for (let rest = bytes; rest.length > 0;) {
      const written = rest.length <= SMALL ? this.#writeNow(rest) : await this.#file.write(rest);
      this.#length += written;
      rest = rest.subarray(written);
    }
  }

  #writeNow(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  async flush(): Promise<void> {
    if (!this.#options.durable) return;
    if (this.#length >= LARGE) this.#flusher ??= this.#openFlusher();
    const begunAt = performance.now();
    // A file survives only if the folder with its name is flushed too.
    await both((this.#flusher ?? this.#file).syncData(), this.#options.flushEntry());
    this.#options.flushed(performance.now() - begunAt);
  }

  async checkpoint(): Promise<number> {
    const length = this.#length;
    await this.flush();
    return length;
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

  // The lock on the file is seen by all processes, and ends with it.
  closeWithRecord(): void {}

  verify(): Promise<void> {
    return Promise.resolve();
  }

  seal(modifiedAt?: number): Promise<string> {
    return Promise.try(() => {
      if (modifiedAt !== undefined) this.#file.utimeSync(new Date(modifiedAt), new Date(modifiedAt));
      return identityOf(this.#file.statSync(), this.#options.folder, { isTimeSet: modifiedAt !== undefined });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#flusher?.close();
    try {
      // Closing alone may keep the lock: a program that this process starts shares its files between fork and exec.
      this.#file.unlockSync();
    } finally {
      this.#file.close();
    }
    return Promise.resolve();
  }
}

/** Waits for both, also when one fails: the other must not meet a file that is closed. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.allSettled([one, other]);
  await one;
  await other;
}
