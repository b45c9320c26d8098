import { dirname, join } from "@std/path";
import { Buffer } from "node:buffer";
import { RefusedPath } from "../store.ts";
import { entryAt, giveName, isSameFile, openToRead } from "./entries.ts";
import { flushFolder } from "./folder_flush.ts";

/** Bytes as they come from a store of files. */
type Bytes = AsyncIterable<Uint8Array>;

/** The files of a backup, which lie as those of a data folder do. */
export interface BackupFolder {
  /**
   * Keeps the file at `source` under a path below `files/`: by a hard link, or by a copy with its time if that is not
   * possible. Gives how; `undefined` if no file is at `source` any more, or another one came there meanwhile.
   */
  keepFinished(source: string, path: string): Promise<"linked" | "copied" | undefined>;
  /** Undoes that. */
  dropFinished(path: string): Promise<void>;
  /** Writes the bytes of an unfinished upload, over earlier ones. Gives their number. */
  writeUnfinished(id: string, bytes: Bytes): Promise<number>;
  /** True when the bytes of an unfinished upload are these. */
  hasUnfinished(id: string, bytes: Bytes): Promise<boolean>;
  /** Removes the bytes of an unfinished upload. */
  dropUnfinished(id: string): Promise<void>;
  /** Flushes the names of all files. Their bytes are flushed as they are written. */
  flush(): Promise<void>;
}

/** Makes the folders of a backup in the empty folder `root`. Only the user who makes them can look into them. */
export async function openBackupFolder(root: string): Promise<BackupFolder> {
  const [incoming, finished] = [join(root, "incoming"), join(root, "files")];
  for (const folder of [incoming, finished]) await Deno.mkdir(folder, { mode: 0o700 });
  let lastMade = finished;

  async function makeFolderOf(path: string): Promise<void> {
    const folder = dirname(path);
    if (folder !== lastMade) await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    lastMade = folder;
  }

  return {
    async keepFinished(source, path) {
      const to = join(finished, path);
      await makeFolderOf(to);
      if (isLinked(source, to)) return "linked";
      if (entryAt(to) !== undefined) {
        throw new Error(`the backup's disk takes two names for one, of which one is ${path}`);
      }
      return await copy(source, to) ? "copied" : undefined;
    },

    dropFinished: (path) => Deno.remove(join(finished, path)),

    async writeUnfinished(id, bytes) {
      using file = await Deno.open(join(incoming, id), { create: true, truncate: true, write: true });
      const length = await writeAll(file, bytes);
      await file.syncData();
      return length;
    },

    async hasUnfinished(id, bytes) {
      using file = await Deno.open(join(incoming, id));
      for await (const piece of bytes) {
        if (!await hasNext(file, piece)) return false;
      }
      return await file.read(new Uint8Array(1)) === null;
    },

    async dropUnfinished(id) {
      if (entryAt(join(incoming, id)) !== undefined) await Deno.remove(join(incoming, id));
    },

    async flush() {
      await flushTree(finished);
      await flushFolder(incoming);
      await flushFolder(root);
    },
  };
}

/** False if the disk cannot link the file, if there is none, or if something has the name. */
function isLinked(source: string, to: string): boolean {
  try {
    return giveName(source, to);
  } catch (error) {
    // Another file system, one without links, or one more link than the file may have.
    if (error instanceof RefusedPath) return false;
    throw error;
  }
}

/** False if no file is at `source`, or another one came there while its bytes were copied; then nothing is left. */
async function copy(source: string, to: string): Promise<boolean> {
  const opened = await openToRead(source);
  if (opened === undefined) return false;
  const { file, info } = opened;
  {
    using target = await Deno.open(to, { createNew: true, write: true });
    await writeAll(target, file.readable);
    if (info.mtime !== null) await target.utime(info.mtime, info.mtime);
    await target.sync();
  }
  const now = entryAt(source);
  if (now !== undefined && isSameFile(now, info)) return true;
  await Deno.remove(to);
  return false;
}

async function writeAll(file: Deno.FsFile, bytes: Bytes): Promise<number> {
  let length = 0;
  for await (const piece of bytes) {
    for (let rest = piece; rest.length > 0;) rest = rest.subarray(await file.write(rest));
    length += piece.length;
  }
  return length;
}

async function hasNext(file: Deno.FsFile, piece: Uint8Array): Promise<boolean> {
  const read = new Uint8Array(piece.length);
  for (let length = 0; length < read.length;) {
    const count = await file.read(read.subarray(length));
    if (count === null) return false;
    length += count;
  }
  return Buffer.compare(read, piece) === 0;
}

async function flushTree(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await flushTree(join(folder, name));
  }
  await flushFolder(folder);
}
