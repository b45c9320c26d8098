import { dirname, join } from "@std/path";
import { numberedName } from "../../model/names.ts";
import { entryAt, giveName, isFolder, makeFolder } from "./entries.ts";
import type { SyncFolder } from "./folder_sync.ts";

/** Gives finished files their names below one folder. */
export interface Placement {
  /**
   * Makes the folders that a file is to lie in, and finds a name there that nothing has, numbered where its own is taken.
   * Gives the path from the root, with `/` between the parts; the folders would survive a power cut. A path for which
   * `isClaimed` is true is as good as taken, although nothing may lie there. Without `isClaimed` a name that has not been
   * given of late is not looked for: whoever claims it, or puts a file there, is told if it is taken.
   */
  choose(wanted: Wanted, isClaimed?: IsClaimed): Promise<string>;
  /**
   * Links the file at `source` to a path that `choose` gave. False where something else lies there, or its folder has
   * gone; true where it is this very file.
   */
  place(source: string, path: string): boolean;
  /** Returns when a path would survive a power cut. */
  keep(path: string): Promise<void>;
  /** The same where nobody waits for it: with others, a moment later, at less cost. */
  keepSoon(path: string): Promise<void>;
  /** The place on disk of a path. */
  resolve(path: string): string;
}

/** True for a path, below the root, that belongs to a finished upload. */
export type IsClaimed = (path: string) => Promise<boolean>;

/** What a finished file is to be called, and where. */
export interface Wanted {
  readonly name: string;
  readonly folders: readonly string[];
}

const MAX_GIVEN = 10_000;

export interface PlacementOptions {
  readonly root: string;
  readonly syncFolder: SyncFolder;
  /** The same for who can wait. */
  readonly syncSoon: SyncFolder;
}

export function createPlacement({ root, syncFolder, syncSoon }: PlacementOptions): Placement {
  /** The folders whose names this process has flushed. */
  const safeFolders = new Set<string>();

  /** Paths that were given of late: most are taken now. */
  const given = new Set<string>();
  function give(path: string): string {
    if (given.size >= MAX_GIVEN) given.clear();
    given.add(path);
    return path;
  }

  /**
   * Makes one folder inside of `parent`, or finds it; under a numbered name where a file has the name. Its name is on
   * disk then, even if somebody else has just made it.
   */
  async function enter(parent: string, wanted: string): Promise<string> {
    for (let number = 1;; number++) {
      const name = numberedName(wanted, number);
      const path = join(parent, name);
      if (makeFolder(path)) safeFolders.delete(path);
      else if (!isFolder(path)) continue;
      if (!safeFolders.has(path)) await syncFolder(parent);
      safeFolders.add(path);
      return name;
    }
  }

  function resolve(path: string): string {
    return join(root, ...path.split("/"));
  }

  return {
    async choose({ name, folders }, isClaimed) {
      const parts: string[] = [];
      for (const folder of folders) parts.push(await enter(join(root, ...parts), folder));
      const pathOf = (number: number) => [...parts, numberedName(name, number)].join("/");
      if (isClaimed === undefined && !given.has(pathOf(1))) return give(pathOf(1));
      const isTaken = async (number: number) =>
        entryAt(resolve(pathOf(number))) !== undefined || await isClaimed?.(pathOf(number)) === true;
      return give(pathOf(await firstFreeNumber(isTaken)));
    },

    place(source, path) {
      return giveName(source, resolve(path));
    },

    keep: (path) => syncFolder(dirname(resolve(path))),
    keepSoon: (path) => syncSoon(dirname(resolve(path))),
    resolve,
  };
}

/** A number whose name is free: looks ahead in doubling steps, so that ten thousand files of one name cost little. */
async function firstFreeNumber(isTaken: (number: number) => Promise<boolean>): Promise<number> {
  let taken = 0;
  let free = 1;
  while (await isTaken(free)) {
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
}
