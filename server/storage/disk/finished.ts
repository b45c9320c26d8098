import type { ByteStore, PlacedFile } from "../store.ts";
import { entryAt, isSameFile, openToRead, orNotFound } from "./entries.ts";
import { isIdentical } from "./identity.ts";
import type { Placement } from "./placement.ts";
import type { ReadOut } from "./read_out.ts";
import type { Resolve } from "./resolve.ts";

export interface FinishedOptions {
  /** The place of a path below the folder of finished files. */
  readonly resolve: Resolve;
  /** Where an upload's own entry lies. */
  readonly entryOf: (id: string) => string;
  /** The name of the folder of finished files. */
  readonly folder: string;
  readonly placement: Placement;
  readonly readOut: ReadOut;
}

/**
 * Finds, opens and removes finished files: each of these only the very file that was uploaded. As long as its upload has
 * an entry of its own, that is the file; later it is known by its identity.
 */
export function createFinished(
  { resolve, entryOf, folder, placement, readOut }: FinishedOptions,
): Pick<ByteStore, "find" | "openFinished" | "removeFinished"> {
  function isIt(info: Deno.FileInfo, file: PlacedFile): boolean {
    if (!info.isFile || info.size !== file.length) return false;
    const own = entryAt(entryOf(file.id));
    return own === undefined ? isIdentical(info, file, folder) : isSameFile(info, own);
  }

  /** Where the file lies, if it lies there. */
  function placeOf(file: PlacedFile): string | undefined {
    const place = resolve(file.path);
    const entry = place === undefined ? undefined : entryAt(place);
    return entry !== undefined && isIt(entry, file) ? place : undefined;
  }

  return {
    find: (file) =>
      Promise.try(() => {
        if (placeOf(file) !== undefined) return "there";
        if (entryAt(entryOf(file.id))?.isFile) return "unplaced";
        const place = resolve(file.path);
        return place !== undefined && entryAt(place) === undefined ? "missing" : "replaced";
      }),

    async openFinished(file) {
      const place = resolve(file.path);
      const opened = place === undefined ? undefined : await openToRead(place);
      if (opened === undefined) return undefined;
      const { file: handle, info } = opened;
      try {
        if (isIt(info, file)) {
          return { length: info.size, readable: readOut(handle, info.size), close: () => handle.close() };
        }
      } catch (error) {
        handle.close();
        throw error;
      }
      handle.close();
      return undefined;
    },

    async removeFinished(file) {
      const place = placeOf(file);
      if (place !== undefined) await orNotFound(Deno.remove(place));
      // Even where it was gone already: a crash may have come before its folder was flushed.
      await placement.removeEmptyFolders(file.path);
    },
  };
}
