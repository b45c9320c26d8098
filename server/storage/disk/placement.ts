import { dirname, join } from "@std/path";
import { numberedName } from "../../model/names.ts";
import { type Choice, RefusedPath, type Wanted } from "../store.ts";
import { announce, entryAt, giveName, isFolder, isNotFound, makeFolder, removeFolder } from "./entries.ts";
import type { SyncFolder } from "./folder_sync.ts";
import { freeNumber } from "./free_number.ts";
import { plainer, PLAINEST } from "./plainer.ts";
import { isPart, type Resolve } from "./resolve.ts";

/** Gives finished files their names below one folder. */
export interface Placement {
  /**
   * Makes the folders that a file is to lie in, and finds a name there that nothing has, numbered where its own is taken.
   * Gives the path from the root, with `/` between the parts; the folders would survive a power cut. Where the file
   * system refuses a folder, the path is made plainer. Throws {@linkcode RefusedPath} where it refuses the plainest.
   */
  choose(wanted: Wanted, choice?: Choice): Promise<string>;
  /** Removes the folders of a path that comes to nothing, as far as they are empty. */
  abandon(path: string): void;
  /**
   * Links the file at `source` to a path that `choose` gave, and lets those that watch the folder know. False where
   * something else lies there, where a link is on the way, or where its folder has gone; true where it is this very file.
   * Throws {@linkcode RefusedPath} where the file system takes no file there.
   */
  place(source: string, path: string): boolean;
  /** Returns when a path would survive a power cut; where its folder has gone meanwhile, when that would. */
  keep(path: string): Promise<void>;
  /** The same where nobody waits for it: with others, a moment later, at less cost. */
  keepSoon(path: string): Promise<void>;
  /**
   * Removes the folders of a path whose file was removed, as far as they are empty, and returns when all that would
   * survive a power cut. A file that is to be placed in one of them at this time gets its folder again.
   */
  removeEmptyFolders(path: string): Promise<void>;
}

const MAX_GIVEN = 10_000;
const MAX_FOLDERS = 10_000;

/** Others may remove a folder, or take its name, just when it is entered: it is entered anew, so often at most. */
const ATTEMPTS = 5;

export interface PlacementOptions {
  readonly root: string;
  readonly resolve: Resolve;
  /** Gives the same text for paths that are one name on this disk. */
  readonly sameName: (path: string) => string;
  readonly syncFolder: SyncFolder;
  /** The same for who can wait. */
  readonly syncSoon: SyncFolder;
}

export function createPlacement({ root, resolve, sameName, syncFolder, syncSoon }: PlacementOptions): Placement {
  /** The folders that were entered, and whether this process has flushed their names since they were made. */
  const entered = new Map<string, { isSafe: boolean }>();

  function setFolder(path: string): { isSafe: boolean } {
    if (entered.size >= MAX_FOLDERS) entered.clear();
    const folder = { isSafe: false };
    entered.set(path, folder);
    return folder;
  }

  /** Paths that were given of late: most are taken now. */
  const given = new Set<string>();
  function give(path: string): string {
    if (given.size >= MAX_GIVEN) given.clear();
    given.add(sameName(path));
    return path;
  }

  /**
   * Makes one folder inside of `parent`, or finds it; under a numbered name where a file, or a link, has the name. Its
   * name is on disk then, even if somebody else has just made it. `undefined` where all its names are taken.
   */
  async function enter(parent: string, wanted: string): Promise<string | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const number = await freeNumber((number) => {
        const entry = entryAt(join(parent, numberedName(wanted, number)));
        return entry !== undefined && !entry.isDirectory;
      });
      if (number === undefined) return undefined;
      const name = numberedName(wanted, number);
      const path = join(parent, name);
      const entry = entryAt(path);
      if (entry !== undefined ? !entry.isDirectory : !makeFolder(path)) continue;
      if (entry === undefined) setFolder(path);
      const folder = entered.get(path) ?? setFolder(path);
      if (!folder.isSafe) await syncFolder(parent);
      folder.isSafe = true;
      return name;
    }
    return undefined;
  }

  async function chooseAs({ name, folders }: Wanted, { isClaimed, isCrowded }: Choice): Promise<string | undefined> {
    if (![...folders, name].every(isPart)) return undefined;
    const parts: string[] = [];
    try {
      for (const folder of folders) {
        const part = await enter(join(root, ...parts), folder);
        if (part === undefined) return undefined;
        parts.push(part);
      }
    } catch (error) {
      removeEmpty(parts);
      throw error;
    }
    const pathOf = (number: number) => [...parts, numberedName(name, number)].join("/");
    if (!isCrowded && isClaimed === undefined && !given.has(sameName(pathOf(1)))) return give(pathOf(1));
    // Without it no name would do, however plain.
    if (!isFolder(root)) throw new Error(`The folder "${root}" is not there: put it back`);
    const isTaken = async (number: number) =>
      entryAt(join(root, pathOf(number))) !== undefined || await isClaimed?.(pathOf(number)) === true;
    const number = await freeNumber(isTaken, { isCrowded: isCrowded === true });
    return number === undefined ? undefined : give(pathOf(number));
  }

  /** Removes folders, the innermost first, until one is not empty; gives those that stay. */
  function removeEmpty(parts: readonly string[]): readonly string[] {
    for (let count = parts.length; count > 0; count--) {
      const folder = resolve(parts.slice(0, count).join("/"));
      if (folder === undefined || !removeFolder(folder)) return parts.slice(0, count);
      entered.delete(folder);
    }
    return [];
  }

  /** Flushes a folder; where it has gone, the one that it was in. */
  async function syncNearest(folder: string, sync: SyncFolder): Promise<void> {
    try {
      await sync(folder);
    } catch (error) {
      if (!isNotFound(error) || folder === root) throw error;
      await syncNearest(dirname(folder), syncFolder);
    }
  }

  const foldersOf = (path: string) => {
    const parts = path.split("/").slice(0, -1);
    return parts.every(isPart) ? parts : [];
  };
  const folderOf = (path: string) => join(root, ...foldersOf(path));

  return {
    async choose(wanted, choice = {}) {
      let level = choice.plainness ?? 0;
      let attempts = 0;
      let cause: unknown;
      while (level <= PLAINEST) {
        try {
          const path = await chooseAs(plainer(wanted, level), choice);
          if (path !== undefined) return path;
          level++;
        } catch (error) {
          if (!(error instanceof RefusedPath) && !isNotFound(error)) throw error;
          // A folder that has gone while its path was gone along is made again.
          if (error instanceof RefusedPath || ++attempts > ATTEMPTS) level++;
          cause = error;
        }
      }
      throw new RefusedPath(wanted.name, { cause });
    },

    abandon: (path) => void removeEmpty(foldersOf(path)),

    place(source, path) {
      const place = resolve(path);
      if (place === undefined || !giveName(source, place)) return false;
      announce(place);
      return true;
    },

    keep: (path) => syncNearest(folderOf(path), syncFolder),
    keepSoon: (path) => syncNearest(folderOf(path), syncSoon),

    removeEmptyFolders: (path) => syncNearest(join(root, ...removeEmpty(foldersOf(path))), syncFolder),
  };
}
