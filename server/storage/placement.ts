import { join } from "@std/path";
import { numberedName } from "../uploads/names.ts";
import type { SyncFolder } from "./folder_sync.ts";

/** Gives finished files their names below one folder. */
export interface Placement {
  /**
   * Links the file at `source` to its name below the root, and returns the path from there, with `/` between the parts,
   * when it would survive a power cut. Never takes a name that something else has: then a numbered one.
   * A name that already belongs to this very file, because a crash came after the link, is the answer.
   * A path for which `isClaimed` is true is as good as taken, although nothing may lie there.
   */
  place(source: string, wanted: Wanted, isClaimed?: IsClaimed): Promise<string>;
  /**
   * Takes the name away again that the file at `source` may have got before a crash, and returns when it would not come
   * back after a power cut.
   */
  unplace(source: string, wanted: Wanted): Promise<void>;
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
      try {
        await Deno.mkdir(path);
        safeFolders.delete(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
      if (!(await Deno.stat(path)).isDirectory) continue;
      if (!safeFolders.has(path)) await syncFolder(parent);
      safeFolders.add(path);
      return name;
    }
  }

  return {
    async place(source, wanted, isClaimed = () => Promise.resolve(false)) {
      if (wanted.modifiedAt !== undefined) {
        const modified = new Date(wanted.modifiedAt);
        await Deno.utime(source, modified, modified);
      }
      const parts: string[] = [];
      for (const folder of wanted.folders) parts.push(await enter(join(root, ...parts), folder));
      const folder = join(root, ...parts);
      const pathOf = (name: string) => [...parts, name].join("/");
      const isTaken = async (name: string) =>
        await entry(join(folder, name)) !== undefined || await isClaimed(pathOf(name));
      const name = await linkedBefore(source, folder) ?? await linkToFreeName(source, folder, wanted.name, isTaken);
      await syncFolder(folder);
      return pathOf(name);
    },

    async unplace(source, { folders, length }) {
      const file = await entry(source);
      // Only a whole file gets a name.
      if (file === undefined || file.size !== length) return;
      const folder = await findFolder(root, folders);
      if (folder === undefined) return;
      const name = await linkedBefore(source, folder);
      if (name !== undefined) await Deno.remove(join(folder, name));
      // Even where it has none: it may have been taken away before another crash.
      await syncFolder(folder);
    },

    resolve: (path) => join(root, ...path.split("/")),
  };
}

/** The folder that `place` made for these names; `undefined` where it made none. */
async function findFolder(root: string, wanted: readonly string[]): Promise<string | undefined> {
  let found: string | undefined = root;
  for (const name of wanted) found &&= await findOneFolder(found, name);
  return found;
}

async function findOneFolder(parent: string, wanted: string): Promise<string | undefined> {
  for (let number = 1;; number++) {
    const path = join(parent, numberedName(wanted, number));
    const info = await entry(path, Deno.stat);
    if (info === undefined) return undefined;
    if (info.isDirectory) return path;
  }
}

/** The name that `source` got before a crash, where it got one. */
async function linkedBefore(source: string, folder: string): Promise<string | undefined> {
  const { ino, dev, nlink } = await Deno.stat(source);
  if (nlink === 1) return undefined;
  for await (const { name } of Deno.readDir(folder)) {
    const other = await entry(join(folder, name));
    if (other?.ino === ino && other.dev === dev) return name;
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
    try {
      await Deno.link(source, join(folder, name));
      return name;
    } catch (error) {
      // Another file took the name since.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
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

async function entry(path: string, look = Deno.lstat): Promise<Deno.FileInfo | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
