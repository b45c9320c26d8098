import { ensureDir } from "@std/fs/ensure-dir";
import { dirname, join } from "@std/path";
import { statfs } from "node:fs/promises";
import { openAppender } from "./appender.ts";
import { createFolderSync } from "./folder_sync.ts";
import { createPlacement } from "./placement.ts";
import type { ByteStore } from "./store.ts";

/**
 * Keeps the bytes in files below `folder`: `incoming/<id>` while an upload is received, `files/…` when it is finished.
 * Both are made where they are missing. Throws when the folder cannot hold them: not writable, or without hard links.
 */
export async function openFiles(folder: string): Promise<ByteStore> {
  const incoming = join(folder, "incoming");
  const finished = join(folder, "files");
  await ensureDir(incoming);
  await ensureDir(finished);
  await checkHardLinks(incoming, finished);
  const syncFolder = createFolderSync();
  await syncFolder(folder);
  // The data folder's own name, where it was just made; the folder above may be somebody else's.
  await syncFolder(dirname(folder)).catch(() => {});
  const placement = createPlacement({ root: finished, syncFolder });
  const pathOf = (id: string) => join(incoming, id);
  /** The files in `incoming` whose names this process has flushed. */
  const safeEntries = new Set<string>();

  return {
    async length(id) {
      return (await orNotFound(Deno.stat(pathOf(id))))?.size;
    },
    open: (id) =>
      openAppender(pathOf(id), {
        async syncEntry() {
          if (safeEntries.has(id)) return;
          await syncFolder(incoming);
          safeEntries.add(id);
        },
      }),
    readUnfinished: (id, end) => readRange(pathOf(id), end),
    place: (upload, isClaimed) => placement.place(pathOf(upload.id), upload, isClaimed),
    unplace: (upload) => placement.unplace(pathOf(upload.id), upload),

    async *unfinished() {
      for await (const { name } of Deno.readDir(incoming)) yield name;
    },

    async ageMs(name) {
      const info = await orNotFound(Deno.lstat(pathOf(name)));
      return info?.mtime ? Date.now() - info.mtime.getTime() : 0;
    },

    async discard(id) {
      await orNotFound(Deno.remove(pathOf(id)));
      safeEntries.delete(id);
    },

    async openFinished(path) {
      const file = await orNotFound(Deno.open(placement.resolve(path)));
      if (file === undefined) return undefined;
      try {
        const { size, isFile } = await file.stat();
        if (isFile) return { length: size, readable: file.readable, close: () => file.close() };
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      return undefined;
    },

    async freeBytes() {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },

    async removeFinished(path) {
      const file = placement.resolve(path);
      await orNotFound(Deno.remove(file));
      // Even where it was gone already: a crash may have come before its folder was flushed.
      await orNotFound(syncFolder(dirname(file)));
    },
  };
}

async function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function readRange(path: string, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | undefined;
  let left = end;
  return new ReadableStream({
    async pull(controller) {
      file ??= await Deno.open(path);
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

/** A finished file gets its name by a second link to its bytes: both folders must lie on one disk that has them. */
async function checkHardLinks(incoming: string, finished: string): Promise<void> {
  const name = join(incoming, `.probe-${crypto.randomUUID()}`);
  await Deno.writeFile(name, new Uint8Array(), { createNew: true });
  try {
    if ((await Deno.stat(name)).dev !== (await Deno.stat(finished)).dev) {
      throw new Error(`"${incoming}" and "${finished}" lie on different disks: put both on one`);
    }
    await Deno.link(name, `${name}-2`);
    await Deno.remove(`${name}-2`);
  } finally {
    await Deno.remove(name);
  }
}
