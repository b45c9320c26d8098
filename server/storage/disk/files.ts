import { ensureDir } from "@std/fs/ensure-dir";
import { dirname, join } from "@std/path";
import { statfs } from "node:fs/promises";
import { type AppenderOptions, createAppender, openAppender } from "./appender.ts";
import type { Lend } from "./descriptors.ts";
import { entryAt, giveName, orNotFound, removeEntry, setModified } from "./entries.ts";
import { createFolderSync, gathered, syncFolder as syncNow } from "./folder_sync.ts";
import { createReadOut } from "./read_out.ts";
import { createPlacement } from "./placement.ts";
import type { ByteStore } from "../store.ts";

export interface FilesOptions {
  /** False: nothing is flushed; when it gets to the disk is left to the system. */
  readonly durable: boolean;
  /** How long the flush waits that brings a finished file's name to the disk, for others to share it; milliseconds. */
  readonly gatherMs?: number;
  /** Opens what an upload that runs needs besides its own file. */
  readonly lend?: Lend;
}

/**
 * Keeps the bytes in files below `folder`: `incoming/<id>` while an upload is received, `files/…` when it is finished.
 * Both are made where they are missing. Throws when the folder cannot hold them: not writable, or without hard links.
 */
export async function openFiles(
  folder: string,
  { durable, gatherMs = 25, lend = (open) => open() }: FilesOptions,
): Promise<ByteStore> {
  const incoming = join(folder, "incoming");
  const finished = join(folder, "files");
  await ensureDir(incoming);
  await ensureDir(finished);
  checkHardLinks(incoming, finished);
  const syncFolder = durable ? createFolderSync((path) => syncNow(path, lend)) : () => Promise.resolve();
  await syncFolder(folder);
  // The data folder's own name, where it was just made; the folder above may be somebody else's.
  await syncFolder(dirname(folder)).catch(() => {});
  const syncSoon = durable && gatherMs > 0 ? gathered(syncFolder, gatherMs) : syncFolder;
  const placement = createPlacement({ root: finished, syncFolder, syncSoon });
  const readOut = createReadOut();
  const pathOf = (id: string) => join(incoming, id);
  /** The files in `incoming` whose names this process has flushed. */
  const safeEntries = new Set<string>();
  /** Those whose bytes, and names, nobody has flushed. */
  const unflushed = new Set<string>();
  let free = { bytes: 0, at: -Infinity };

  const appending = (id: string): AppenderOptions => ({
    durable,
    lend,
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
    length: (id) => Promise.try(() => entryAt(pathOf(id))?.size),
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
      if (!giveName(pathOf(from), pathOf(id))) throw new Error(`Cannot let upload ${id} have the bytes of ${from}`);
      await syncFolder(incoming);
      safeEntries.add(id);
    },

    choose: (wanted, isClaimed) => placement.choose(wanted, isClaimed),
    place: (id, path) => Promise.try(() => placement.place(pathOf(id), path)),
    keep: (path) => placement.keep(path),
    keepSoon: (path) => placement.keepSoon(path),
    setModified: (id, time) => Promise.try(() => setModified(pathOf(id), time)),

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

    async openFinished(path) {
      const file = await orNotFound(Deno.open(placement.resolve(path)));
      if (file === undefined) return undefined;
      try {
        const { size, isFile } = await file.stat();
        if (isFile) return { length: size, readable: readOut(file, size), close: () => file.close() };
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      return undefined;
    },

    async freeBytes(maxAgeMs = 0) {
      if (performance.now() - free.at >= maxAgeMs) {
        const { bavail, bsize } = await statfs(folder);
        free = { bytes: bavail * bsize, at: performance.now() };
      }
      return free.bytes;
    },

    async removeFinished(path) {
      const file = placement.resolve(path);
      await orNotFound(Deno.remove(file));
      // Even where it was gone already: a crash may have come before its folder was flushed.
      await orNotFound(syncFolder(dirname(file)));
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
  const file = await Deno.open(path);
  if (position > 0) await file.seek(position, Deno.SeekMode.Start);
  return file;
}

/** A finished file gets its name by a second link to its bytes: both folders must lie on one disk that has them. */
function checkHardLinks(incoming: string, finished: string): void {
  const name = join(incoming, `.probe-${crypto.randomUUID()}`);
  Deno.openSync(name, { createNew: true, write: true }).close();
  try {
    if (Deno.statSync(name).dev !== Deno.statSync(finished).dev) {
      throw new Error(`"${incoming}" and "${finished}" lie on different disks: put both on one`);
    }
    Deno.linkSync(name, `${name}-2`);
    Deno.removeSync(`${name}-2`);
  } finally {
    Deno.removeSync(name);
  }
}
