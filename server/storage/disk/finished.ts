import type { ByteStore, FinishedFile, PlacedFile } from "../store.ts";
import { entryAt, isSameFile, openToRead, orNotFound } from "./entries.ts";
import { isIdentical } from "./identity.ts";
import type { Placement } from "./placement.ts";
import type { ReadOut } from "./read_out.ts";
import type { Resolve } from "./resolve.ts";

export interface FinishedOptions {
  /** The wall around the folder of finished files (I7). */
  readonly resolve: Resolve;
  /** Gives the path of an upload's own entry. */
  readonly entryOf: (id: string) => string;
  /** The identity of the folder of finished files. */
  readonly folder: string;
  readonly placement: Placement;
  readonly readOut: ReadOut;
}

/**
 * Finds, opens and removes finished files, each only if it is the file that was uploaded (I9). As long as the upload
 * has its own entry, the file must be the same file as that. Later it is recognised by its identity.
 */
export function createFinished(
  { resolve, entryOf, folder, placement, readOut }: FinishedOptions,
): Pick<ByteStore, "find" | "isFolder" | "openFinished" | "removeFinished"> {
  function isItsFile(info: Deno.FileInfo, file: PlacedFile): boolean {
    if (!info.isFile || info.size !== file.length) return false;
    const own = entryAt(entryOf(file.id));
    return own === undefined ? isIdentical(info, file, folder) : isSameFile(info, own);
  }

  /** The path on disk of a finished file that is there. */
  function pathOnDisk(file: PlacedFile): string | undefined {
    const path = resolve(file.path);
    const entry = path === undefined ? undefined : entryAt(path);
    return entry !== undefined && isItsFile(entry, file) ? path : undefined;
  }

  return {
    find: (file) =>
      Promise.try(() => {
        if (pathOnDisk(file) !== undefined) return "there";
        if (entryAt(entryOf(file.id))?.isFile) return "unplaced";
        const path = resolve(file.path);
        return path !== undefined && entryAt(path) === undefined ? "missing" : "replaced";
      }),

    isFolder: (path) =>
      Promise.try(() => {
        const folder = resolve(path);
        return folder !== undefined && entryAt(folder)?.isDirectory === true;
      }),

    async openFinished(file) {
      const path = resolve(file.path);
      const opened = path === undefined ? undefined : await openToRead(path);
      if (opened === undefined) return undefined;
      const { file: handle, info } = opened;
      try {
        if (isItsFile(info, file)) return finishedFile(handle, info, readOut);
      } catch (error) {
        handle.close();
        throw error;
      }
      handle.close();
      return undefined;
    },

    async removeFinished(file) {
      const path = pathOnDisk(file);
      if (path !== undefined) await orNotFound(Deno.remove(path));
      // The folder is flushed even if the file was gone already: a crash may have come between removal and flush.
      await placement.removeEmptyFolders(file.path);
    },
  };
}

function finishedFile(file: Deno.FsFile, { size, mtime }: Deno.FileInfo, readOut: ReadOut): FinishedFile {
  return {
    length: size,
    modifiedAt: mtime?.getTime(),
    async head(count) {
      const head = new Uint8Array(Math.min(count, size));
      let length = 0;
      file.seekSync(0, Deno.SeekMode.Start);
      while (length < head.length) {
        const read = await file.read(head.subarray(length));
        if (read === null) break;
        length += read;
      }
      return head.subarray(0, length);
    },
    read: (part = { start: 0, end: size }) => readOut(file, part, size),
    close: () => file.close(),
  };
}
