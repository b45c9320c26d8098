import { join } from "@std/path";
import { numberedName } from "../uploads/names.ts";
import type { SyncFolder } from "./folder_sync.ts";

/** Gives finished files their names below one folder. */
export interface Placement {
  /**
   * Links the file at `source` to its name below the root, and returns the path from there, with `/` between the parts,
   * when it would survive a power cut. Never takes a name that something else has: then a numbered one.
   * A name that already belongs to this very file, because a crash came after the link, is the answer.
   */
  place(
    source: string,
    wanted: { name: string; folders: readonly string[]; modifiedAt?: number },
  ): Promise<string>;
  /** The place on disk of a path that `place` gave. */
  resolve(path: string): string;
}

export function createPlacement({ root, syncFolder }: { root: string; syncFolder: SyncFolder }): Placement {
  /** Makes one folder inside of `parent`, or finds it; under a numbered name where a file has the name. */
  async function enter(parent: string, wanted: string): Promise<string> {
    for (let number = 1;; number++) {
      const name = numberedName(wanted, number);
      const path = join(parent, name);
      try {
        await Deno.mkdir(path);
        await syncFolder(parent);
        return name;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
      if ((await Deno.stat(path)).isDirectory) return name;
    }
  }

  return {
    async place(source, wanted) {
      if (wanted.modifiedAt !== undefined) {
        const modified = new Date(wanted.modifiedAt);
        await Deno.utime(source, modified, modified);
      }
      const parts: string[] = [];
      for (const folder of wanted.folders) parts.push(await enter(join(root, ...parts), folder));
      const folder = join(root, ...parts);
      const name = await linkedBefore(source, folder, wanted.name) ?? await linkToFreeName(source, folder, wanted.name);
      await syncFolder(folder);
      return [...parts, name].join("/");
    },

    resolve: (path) => join(root, ...path.split("/")),
  };
}

/** The name that `source` got before a crash, where it got one. */
async function linkedBefore(source: string, folder: string, wanted: string): Promise<string | undefined> {
  const { ino, dev, nlink } = await Deno.stat(source);
  if (nlink === 1) return undefined;
  for (let number = 1;; number++) {
    const name = numberedName(wanted, number);
    const other = await entry(join(folder, name));
    if (other === undefined) return undefined;
    if (other.ino === ino && other.dev === dev) return name;
  }
}

async function linkToFreeName(source: string, folder: string, wanted: string): Promise<string> {
  for (;;) {
    const name = numberedName(wanted, await firstFreeNumber(folder, wanted));
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
async function firstFreeNumber(folder: string, wanted: string): Promise<number> {
  const isTaken = async (number: number) => await entry(join(folder, numberedName(wanted, number))) !== undefined;
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

async function entry(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
