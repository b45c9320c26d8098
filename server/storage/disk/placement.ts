import { dirname, join } from "@std/path";
import { numberedName } from "../../model/names.ts";
import { type Choice, RefusedPath, type WantedPath } from "../store.ts";
import { announce, entryAt, giveName, isFolder, isNotFound, makeFolder, removeFolder } from "./entries.ts";
import type { FlushFolder } from "./folder_flush.ts";
import { freeNumber } from "../free_number.ts";
import { plainer, PLAINEST } from "../plainer.ts";
import { isSegment, type Resolve } from "./resolve.ts";

/** Places finished files below one folder: gives them their names. */
export interface Placement {
  /**
   * Makes the folders that a file is to lie in, and chooses a free name there, numbered if the wanted one is taken.
   * Gives the path from the root, with `/` between the segments. The folders are flushed then. If the file system
   * refuses a folder, the path is made plainer. Throws {@linkcode RefusedPath} when it refuses the plainest.
   */
  choose(wanted: WantedPath, choice?: Choice): Promise<string>;
  /** Undoes `choose` for a path that is not used: removes its folders, as far as they are empty. */
  abandon(path: string): void;
  /**
   * Links the file at `source` to a path that `choose` gave, and announces it to programs that watch the folder. True
   * also when this file has the name already. False when something else lies there, a link is on the way, or the folder
   * is gone. Throws {@linkcode RefusedPath} when the file system takes no file there.
   */
  place(source: string, path: string): boolean;
  /** Resolves when the name at a path survives a power cut. If its folder is gone, the removal of the folder does. */
  flushName(path: string): Promise<void>;
  /** Does what `flushName` does, a moment later and together with others, which costs less. */
  flushNameSoon(path: string): Promise<void>;
  /**
   * Removes the folders of a path whose file was removed, as far as they are empty. Resolves when that survives a power
   * cut. An upload that is being placed in one of them makes it again.
   */
  removeEmptyFolders(path: string): Promise<void>;
}

/** The most paths, and the most folders, that are remembered; each set is emptied when it is full. */
const MAX_REMEMBERED = 10_000;

/** How often a folder is entered anew that others remove, or whose name they take, at that moment. */
const ATTEMPTS = 5;

export interface PlacementOptions {
  readonly root: string;
  readonly resolve: Resolve;
  /** Maps a path to a text. Two paths are one name when their texts are equal. */
  readonly sameName: (path: string) => string;
  readonly flushFolder: FlushFolder;
  /** Flushes a folder a moment later, together with other callers. */
  readonly flushSoon: FlushFolder;
}

export function createPlacement({ root, resolve, sameName, flushFolder, flushSoon }: PlacementOptions): Placement {
  /** The folders that were entered, each with whether this process has flushed its name since it was made. */
  const entered = new Map<string, { isSafe: boolean }>();

  function setFolder(path: string): { isSafe: boolean } {
    if (entered.size >= MAX_REMEMBERED) entered.clear();
    const folder = { isSafe: false };
    entered.set(path, folder);
    return folder;
  }

  /** The paths that were chosen lately. Most are taken now. */
  const recentlyChosen = new Set<string>();
  function remembered(path: string): string {
    if (recentlyChosen.size >= MAX_REMEMBERED) recentlyChosen.clear();
    recentlyChosen.add(sameName(path));
    return path;
  }

  /**
   * Finds or makes one folder inside `parent`, under a numbered name if a file or a link has the wanted one. The
   * folder's name is flushed then, even if somebody else has just made it. `undefined` when all its names are taken.
   */
  async function enterFolder(parent: string, wanted: string): Promise<string | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // The number that is found was looked at last, or at an earlier step of the search.
      const entries = new Map<number, Deno.FileInfo | undefined>();
      const number = await freeNumber((number) => {
        const entry = entryAt(join(parent, numberedName(wanted, number)));
        entries.set(number, entry);
        return entry !== undefined && !entry.isDirectory;
      });
      if (number === undefined) return undefined;
      const name = numberedName(wanted, number);
      const path = join(parent, name);
      const entry = entries.get(number);
      if (entry !== undefined ? !entry.isDirectory : !makeFolder(path)) continue;
      if (entry === undefined) setFolder(path);
      const folder = entered.get(path) ?? setFolder(path);
      if (!folder.isSafe) await flushFolder(parent);
      folder.isSafe = true;
      return name;
    }
    return undefined;
  }

  async function chooseAs(
    { name, folders }: WantedPath,
    { isClaimed, isCrowded }: Choice,
  ): Promise<string | undefined> {
    if (![...folders, name].every(isSegment)) return undefined;
    const segments: string[] = [];
    try {
      for (const folder of folders) {
        const segment = await enterFolder(join(root, ...segments), folder);
        if (segment === undefined) return undefined;
        segments.push(segment);
      }
    } catch (error) {
      removeEmpty(segments);
      throw error;
    }
    const pathOf = (number: number) => [...segments, numberedName(name, number)].join("/");
    if (!isCrowded && isClaimed === undefined && !recentlyChosen.has(sameName(pathOf(1)))) return remembered(pathOf(1));
    // Without the root no path can be had, however plain. The caller is told so at once.
    if (!isFolder(root)) throw new Error(`The folder "${root}" is not there: put it back`);
    const isTaken = async (number: number) =>
      entryAt(join(root, pathOf(number))) !== undefined || await isClaimed?.(pathOf(number)) === true;
    const number = await freeNumber(isTaken, { isCrowded: isCrowded === true });
    return number === undefined ? undefined : remembered(pathOf(number));
  }

  /** Removes folders, the innermost first, until one is not empty. Gives the segments of those that stay. */
  function removeEmpty(segments: readonly string[]): readonly string[] {
    for (let count = segments.length; count > 0; count--) {
      const folder = resolve(segments.slice(0, count).join("/"));
      if (folder === undefined || !removeFolder(folder)) return segments.slice(0, count);
      entered.delete(folder);
    }
    return [];
  }

  /** Flushes a folder; if it is gone, the nearest one above that is there. */
  async function flushNearest(folder: string, flush: FlushFolder): Promise<void> {
    try {
      await flush(folder);
    } catch (error) {
      if (!isNotFound(error) || folder === root) throw error;
      await flushNearest(dirname(folder), flushFolder);
    }
  }

  const foldersOf = (path: string) => {
    const segments = path.split("/").slice(0, -1);
    return segments.every(isSegment) ? segments : [];
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
          // A folder was removed while its path was being made: the path is made again.
          if (error instanceof RefusedPath || ++attempts > ATTEMPTS) level++;
          cause = error;
        }
      }
      throw new RefusedPath(wanted.name, { cause });
    },

    abandon: (path) => void removeEmpty(foldersOf(path)),

    place(source, path) {
      const target = resolve(path);
      if (target === undefined || !giveName(source, target)) return false;
      announce(target);
      return true;
    },

    flushName: (path) => flushNearest(folderOf(path), flushFolder),
    flushNameSoon: (path) => flushNearest(folderOf(path), flushSoon),

    removeEmptyFolders: (path) => flushNearest(join(root, ...removeEmpty(foldersOf(path))), flushFolder),
  };
}
