import { ensureDir } from "@std/fs/ensure-dir";
import { dirname, join } from "@std/path";
import { statfsSync } from "node:fs";
import { UploadError } from "../../errors.ts";
import { type AppenderOptions, createAppender, openAppender } from "./appender.ts";
import type { Lend } from "./descriptors.ts";
import { entryAt, giveName, isFolder, openToRead, orNotFound, otherNameIn, removeEntry } from "./entries.ts";
import { createFinished } from "./finished.ts";
import { createFolderFlush, flushFolder as flushNow, gathered } from "./folder_flush.ts";
import { folderIdentityOf } from "./identity.ts";
import { createPlacement } from "./placement.ts";
import { createReadOut } from "./read_out.ts";
import { createEntryPath, createResolve } from "./resolve.ts";
import { createSameName } from "../../model/same_name.ts";
import type { ByteStore, UnfinishedFile } from "../store.ts";

export interface FilesOptions {
  /** False when flushing is left to the system (`--durability relaxed`). */
  readonly durable: boolean;
  /** How long the flush of a finished file's name waits for others to share it, in milliseconds. */
  readonly gatherMs?: number;
  /** Opens a file for a running request, with a spare descriptor if no other is free. */
  readonly lend?: Lend;
  /** Called when the bytes of an unfinished upload were flushed, with the milliseconds that it took. */
  readonly flushed?: (ms: number) => void;
  /** Called when bytes of a finished file were read to be sent. */
  readonly sent?: (bytes: number) => void;
}

/** The paths of the two folders of files in the data folder. */
export function foldersOf(folder: string): { readonly incoming: string; readonly finished: string } {
  return { incoming: join(folder, "incoming"), finished: join(folder, "files") };
}

/**
 * Opens the store of the files in the data folder `folder`: `incoming/<id>` for an unfinished upload, and `files/` for
 * finished files. Missing folders are made. Throws when the folder is not writable or its disk has no hard links.
 */
export async function openFiles(
  folder: string,
  { durable, gatherMs = 25, lend = (open) => open(), flushed = () => {}, sent = () => {} }: FilesOptions,
): Promise<ByteStore> {
  const { incoming, finished } = foldersOf(folder);
  await ensureDir(incoming);
  await ensureDir(finished);
  const { ignoresCase } = probe(incoming, finished);
  const flushFolder = durable ? createFolderFlush((path) => flushNow(path, lend)) : () => Promise.resolve();
  await flushFolder(folder);
  // The data folder may be new, so its own name is flushed too. The folder above may belong to somebody else.
  await flushFolder(dirname(folder)).catch(() => {});
  const flushSoon = durable && gatherMs > 0 ? gathered(flushFolder, gatherMs) : flushFolder;
  const sameName = createSameName({ ignoresCase });
  const resolve = createResolve(finished);
  const placement = createPlacement({ root: finished, resolve, sameName, flushFolder, flushSoon });
  const pathOf = createEntryPath(incoming);
  const finishedFolder = folderIdentityOf(await Deno.stat(finished));
  /** The ids whose own entries this process has flushed. */
  const safeEntries = new Set<string>();
  /** The ids that a relaxed server wrote to and has not flushed. */
  const unflushed = new Set<string>();

  const appending = (id: string): AppenderOptions => ({
    durable,
    lend,
    flushed,
    folder: finishedFolder,
    async flushEntry() {
      if (safeEntries.has(id)) return;
      await flushFolder(incoming);
      safeEntries.add(id);
    },
  });

  async function discard(id: string): Promise<void> {
    await orNotFound(Deno.remove(pathOf(id)));
    safeEntries.delete(id);
    unflushed.delete(id);
  }

  /** Notes that a file that is open now will be written to. */
  function opened<T extends UnfinishedFile | "locked" | undefined>(id: string, file: T): T {
    if (!durable && file !== undefined && file !== "locked") unflushed.add(id);
    return file;
  }

  async function flush(id: string): Promise<void> {
    using file = await orNotFound(Deno.open(pathOf(id), { write: true }));
    await file?.syncData();
  }

  return {
    ...createFinished({
      resolve,
      entryOf: pathOf,
      folder: finishedFolder,
      placement,
      readOut: createReadOut({ sent }),
    }),
    sameName,

    // The lock on a file keeps other processes out. They cannot be asked.
    serve() {},
    settled: () => Promise.resolve(),
    // The lock of the file says so, when it is opened.
    isHeldElsewhere: () => Promise.resolve(false),

    length: (id) =>
      Promise.try(() => {
        const entry = entryAt(pathOf(id));
        return entry?.isFile ? entry.size : undefined;
      }),

    create: (id) => Promise.try(() => opened(id, createAppender(pathOf(id), appending(id)))),

    open: (id) =>
      Promise.try(() => {
        const file = opened(id, openAppender(pathOf(id), appending(id)));
        // A folder that is away for a moment must not make its uploads count as lost.
        if (file === undefined && !isFolder(incoming)) {
          throw new Error(`The folder "${incoming}" is not there: put it back`);
        }
        return file;
      }),

    async flush() {
      if (durable) return;
      for (const id of unflushed) {
        await flush(id);
        unflushed.delete(id);
      }
      await flushNow(incoming);
    },

    readUnfinished: (id, end, start = 0) => readRange(pathOf(id), { start, end }),

    async adopt(from, id) {
      const base = entryAt(pathOf(from));
      if (base?.isFile && otherNameIn(incoming, base, [from, id]) !== undefined) throw adoptedElsewhere(from);
      if (!base?.isFile || !giveName(pathOf(from), pathOf(id))) {
        throw new Error(`Upload ${id} cannot adopt the bytes of ${from}`);
      }
      await flushFolder(incoming);
      safeEntries.add(id);
    },

    choose: (wanted, choice) => placement.choose(wanted, choice),
    abandon: (path) => Promise.try(() => placement.abandon(path)),
    place: (id, path) => Promise.try(() => placement.place(pathOf(id), path)),
    flushName: (path) => placement.flushName(path),
    flushNameSoon: (path) => placement.flushNameSoon(path),

    async *unfinished() {
      for await (const { name } of Deno.readDir(incoming)) yield name;
    },

    ageMs: (name) =>
      Promise.try(() => {
        const mtime = entryAt(pathOf(name))?.mtime;
        return mtime ? Date.now() - mtime.getTime() : 0;
      }),

    removeEntry: (id) =>
      Promise.try(() => {
        removeEntry(pathOf(id));
        safeEntries.delete(id);
        unflushed.delete(id);
      }),

    discard,

    checkWritable: () => Promise.try(() => void probe(incoming, finished)),

    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
  };
}

/** The refusal of bytes that another upload has adopted: both would append to one file. */
function adoptedElsewhere(id: string): UploadError {
  return new UploadError("locked", `Upload "${id}" is being concatenated: try again in a few seconds`);
}

function readRange(
  path: string,
  { start, end }: { start: number; end: number },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | undefined;
  let remaining = end - start;
  return new ReadableStream({
    async pull(controller) {
      file ??= await openAt(path, start);
      const buffer = new Uint8Array(Math.min(1 << 20, remaining));
      let read: number | null = null;
      try {
        if (remaining > 0) read = await file.read(buffer);
      } finally {
        // Both at the end of the file and after a failure.
        if (read === null) file.close();
      }
      if (read === null) return controller.close();
      remaining -= read;
      controller.enqueue(buffer.subarray(0, read));
    },
    cancel: () => file?.close(),
  }, { highWaterMark: 0 });
}

async function openAt(path: string, position: number): Promise<Deno.FsFile> {
  const opened = await openToRead(path);
  if (opened === undefined) throw new Deno.errors.NotFound(path);
  const { file } = opened;
  try {
    if (position > 0) await file.seek(position, Deno.SeekMode.Start);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Finds out what the disk can do. Placing needs hard links, and both folders on one disk. Throws when either is
 * missing. The probe's files lie in `incoming`, so that a crash leaves none among the finished files.
 */
function probe(incoming: string, finished: string): { ignoresCase: boolean } {
  const name = `.probe-${crypto.randomUUID()}`;
  const path = join(incoming, name);
  Deno.openSync(path, { createNew: true, write: true }).close();
  try {
    if (Deno.statSync(path).dev !== Deno.statSync(finished).dev) {
      throw new Error(`"${incoming}" and "${finished}" lie on different disks: put both on one`);
    }
    Deno.linkSync(path, `${path}-2`);
    Deno.removeSync(`${path}-2`);
    return { ignoresCase: entryAt(join(incoming, name.toUpperCase())) !== undefined };
  } finally {
    Deno.removeSync(path);
  }
}
