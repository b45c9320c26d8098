import { ensureDir } from "@std/fs/ensure-dir";
import { dirname, join } from "@std/path";
import { statfsSync } from "node:fs";
import { type AppenderOptions, createAppender, openAppender } from "./appender.ts";
import type { Lend } from "./descriptors.ts";
import { entryAt, giveName, openToRead, orNotFound, removeEntry } from "./entries.ts";
import { createFinished } from "./finished.ts";
import { createFolderSync, gathered, syncFolder as syncNow } from "./folder_sync.ts";
import { nameOfFolder } from "./identity.ts";
import { createPlacement } from "./placement.ts";
import { createReadOut } from "./read_out.ts";
import { createEntryPath, createResolve } from "./resolve.ts";
import { createSameName } from "../../model/same_name.ts";
import type { ByteStore } from "../store.ts";

export interface FilesOptions {
  /** False: nothing is flushed; when it gets to the disk is left to the system. */
  readonly durable: boolean;
  /** How long the flush waits that brings a finished file's name to the disk, for others to share it; milliseconds. */
  readonly gatherMs?: number;
  /** Opens what an upload that runs needs besides its own file. */
  readonly lend?: Lend;
}

/** Where the bytes lie below the data folder. */
export function foldersOf(folder: string): { readonly incoming: string; readonly finished: string } {
  return { incoming: join(folder, "incoming"), finished: join(folder, "files") };
}

/**
 * Keeps the bytes in files below `folder`: `incoming/<id>` while an upload is received, `files/…` when it is finished.
 * Both are made where they are missing. Throws when the folder cannot hold them: not writable, or without hard links.
 */
export async function openFiles(
  folder: string,
  { durable, gatherMs = 25, lend = (open) => open() }: FilesOptions,
): Promise<ByteStore> {
  const { incoming, finished } = foldersOf(folder);
  await ensureDir(incoming);
  await ensureDir(finished);
  const { ignoresCase } = probe(incoming, finished);
  const syncFolder = durable ? createFolderSync((path) => syncNow(path, lend)) : () => Promise.resolve();
  await syncFolder(folder);
  // The data folder's own name, where it was just made; the folder above may be somebody else's.
  await syncFolder(dirname(folder)).catch(() => {});
  const syncSoon = durable && gatherMs > 0 ? gathered(syncFolder, gatherMs) : syncFolder;
  const sameName = createSameName({ ignoresCase });
  const resolve = createResolve(finished);
  const placement = createPlacement({ root: finished, resolve, sameName, syncFolder, syncSoon });
  const pathOf = createEntryPath(incoming);
  const finishedFolder = nameOfFolder(await Deno.stat(finished));
  /** The files in `incoming` whose names this process has flushed. */
  const safeEntries = new Set<string>();
  /** Those whose bytes, and names, nobody has flushed. */
  const unflushed = new Set<string>();

  const appending = (id: string): AppenderOptions => ({
    durable,
    lend,
    folder: finishedFolder,
    async syncEntry() {
      if (safeEntries.has(id)) return;
      await syncFolder(incoming);
      safeEntries.add(id);
    },
  });

  async function discard(id: string): Promise<void> {
    await orNotFound(Deno.remove(pathOf(id)));
    safeEntries.delete(id);
    unflushed.delete(id);
  }

  function willWrite(id: string): void {
    if (!durable) unflushed.add(id);
  }

  async function flush(id: string): Promise<void> {
    using file = await orNotFound(Deno.open(pathOf(id), { write: true }));
    await file?.syncData();
  }

  return {
    ...createFinished({ resolve, entryOf: pathOf, folder: finishedFolder, placement, readOut: createReadOut() }),
    sameName,

    length: (id) =>
      Promise.try(() => {
        const entry = entryAt(pathOf(id));
        return entry?.isFile ? entry.size : undefined;
      }),

    create: (id) =>
      Promise.try(() => {
        willWrite(id);
        return createAppender(pathOf(id), appending(id));
      }),

    open: (id) =>
      Promise.try(() => {
        willWrite(id);
        return openAppender(pathOf(id), appending(id));
      }),

    async flush() {
      if (durable) return;
      for (const id of unflushed) {
        await flush(id);
        unflushed.delete(id);
      }
      await syncNow(incoming);
    },

    readUnfinished: (id, end, start = 0) => readRange(pathOf(id), { start, end }),

    async adopt(from, id) {
      if (!entryAt(pathOf(from))?.isFile || !giveName(pathOf(from), pathOf(id))) {
        throw new Error(`Cannot let upload ${id} have the bytes of ${from}`);
      }
      await syncFolder(incoming);
      safeEntries.add(id);
    },

    choose: (wanted, choice) => placement.choose(wanted, choice),
    abandon: (path) => Promise.try(() => placement.abandon(path)),
    place: (id, path) => Promise.try(() => placement.place(pathOf(id), path)),
    keep: (path) => placement.keep(path),
    keepSoon: (path) => placement.keepSoon(path),

    async *unfinished() {
      for await (const { name } of Deno.readDir(incoming)) yield name;
    },

    ageMs: (name) =>
      Promise.try(() => {
        const mtime = entryAt(pathOf(name))?.mtime;
        return mtime ? Date.now() - mtime.getTime() : 0;
      }),

    leave: (id) =>
      Promise.try(() => {
        removeEntry(pathOf(id));
        safeEntries.delete(id);
        unflushed.delete(id);
      }),

    discard,

    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
  };
}

function readRange(
  path: string,
  { start, end }: { start: number; end: number },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | undefined;
  let left = end - start;
  return new ReadableStream({
    async pull(controller) {
      file ??= await openAt(path, start);
      const buffer = new Uint8Array(Math.min(1 << 20, left));
      let read: number | null = null;
      try {
        if (left > 0) read = await file.read(buffer);
      } finally {
        // At its end, and where it cannot be read.
        if (read === null) file.close();
      }
      if (read === null) return controller.close();
      left -= read;
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
 * Looks what the disk can do. A finished file gets its name by a second link to its bytes: both folders must lie on one
 * disk that has them. Throws where they do not. Nothing shows among the finished files, where a crash could leave it.
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
