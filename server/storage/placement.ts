import { dirname, join } from "@std/path";
import { numberedName } from "../uploads/names.ts";
import { entryAt, giveName, isFolder, makeFolder, removeEntry, setModified } from "./entries.ts";
import type { SyncFolder } from "./folder_sync.ts";

/** Gives finished files their names below one folder. */
export interface Placement {
  /**
   * Links the file at `source` to its name below the root, and returns the path from there, with `/` between the parts.
   * Never takes a name that something else has: then a numbered one.
   * A name that already belongs to this very file, because a crash came after the link, is the answer.
   * A path for which `isClaimed` is true is as good as taken, although nothing may lie there.
   */
  place(source: string, wanted: Wanted, isClaimed?: IsClaimed): Promise<string>;
  /** Returns when a name that `place` gave would survive a power cut. */
  keep(path: string): Promise<void>;
  /**
   * Takes the name away again that the file at `source` may have got before a crash, and returns when it would not come
   * back after a power cut.
   */
  unplace(source: string, wanted: Wanted): Promise<void>;
  /** The same where nobody knows which name that was: looks through all folders, but only where there is one. */
  unplaceAnywhere(source: string): Promise<void>;
  /** The place on disk of a path that `place` gave. */
  resolve(path: string): string;
}

/** True for a path, below the root, that belongs to a finished upload. */
export type IsClaimed = (path: string) => Promise<boolean>;

/** What a finished file is to be called, and where. */
export interface Wanted {
  readonly name: string;
  readonly folders: readonly string[];
  readonly modifiedAt?: number;
  /** The length of the whole file, in bytes. */
  readonly length?: number;
}

export function createPlacement({ root, syncFolder }: { root: string; syncFolder: SyncFolder }): Placement {
  /** The folders whose names this process has flushed. */
  const safeFolders = new Set<string>();

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
    async place(source, wanted, isClaimed) {
      if (wanted.modifiedAt !== undefined) setModified(source, wanted.modifiedAt);
      const parts: string[] = [];
      for (const folder of wanted.folders) parts.push(await enter(join(root, ...parts), folder));
      const folder = join(root, ...parts);
      const pathOf = (name: string) => [...parts, name].join("/");
      const before = await linkedBefore(source, folder);
      if (before !== undefined) return pathOf(before);
      // Mostly its own name is free: to try is cheaper than to look.
      if (isClaimed === undefined && giveName(source, join(folder, wanted.name))) return pathOf(wanted.name);
      const isTaken = async (name: string) =>
        entryAt(join(folder, name)) !== undefined || await isClaimed?.(pathOf(name)) === true;
      return pathOf(await linkToFreeName(source, folder, wanted.name, isTaken));
    },

    keep: (path) => syncFolder(dirname(resolve(path))),

    async unplace(source, { folders, length }) {
      const file = entryAt(source);
      // Only a whole file gets a name.
      if (file === undefined || file.size !== length) return;
      const folder = findFolder(root, folders);
      if (folder === undefined) return;
      const name = await linkedBefore(source, folder);
      if (name !== undefined) removeEntry(join(folder, name));
      // Even where it has none: it may have been taken away before another crash.
      await syncFolder(folder);
    },

    async unplaceAnywhere(source) {
      if ((entryAt(source)?.nlink ?? 1) === 1) return;
      for await (const folder of foldersIn(root)) {
        const name = await linkedBefore(source, folder);
        if (name === undefined) continue;
        removeEntry(join(folder, name));
        await syncFolder(folder);
      }
    },

    resolve,
  };
}

/** A folder and all that are below it. */
async function* foldersIn(folder: string): AsyncIterable<string> {
  yield folder;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* foldersIn(join(folder, name));
  }
}

/** The folder that `place` made for these names; `undefined` where it made none. */
function findFolder(root: string, wanted: readonly string[]): string | undefined {
  let found: string | undefined = root;
  for (const name of wanted) found &&= findOneFolder(found, name);
  return found;
}

function findOneFolder(parent: string, wanted: string): string | undefined {
  for (let number = 1;; number++) {
    const path = join(parent, numberedName(wanted, number));
    const isOne = isFolder(path);
    if (isOne === undefined) return undefined;
    if (isOne) return path;
  }
}

/** The name that `source` got before a crash, where it got one. */
async function linkedBefore(source: string, folder: string): Promise<string | undefined> {
  const file = entryAt(source);
  if (file === undefined || file.nlink === 1) return undefined;
  for await (const { name } of Deno.readDir(folder)) {
    const other = entryAt(join(folder, name));
    if (other?.ino === file.ino && other.dev === file.dev) return name;
  }
  return undefined;
}

async function linkToFreeName(
  source: string,
  folder: string,
  wanted: string,
  isTaken: (name: string) => Promise<boolean>,
): Promise<string> {
  for (;;) {
    const name = numberedName(wanted, await firstFreeNumber((number) => isTaken(numberedName(wanted, number))));
    // Another file may have taken the name since.
    if (giveName(source, join(folder, name))) return name;
  }
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
