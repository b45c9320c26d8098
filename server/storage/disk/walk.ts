import { join } from "@std/path";

/**
 * The paths of everything below `root` that is no folder, links too, with `/` between the segments. Follows no link. A
 * folder that goes away meanwhile ends early. Memory follows the largest folder, not their sum.
 */
export async function* filesBelow(root: string, folder = ""): AsyncGenerator<string> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isDirectory) yield* filesBelow(root, path);
      else yield path;
    }
  } catch (error) {
    if (folder === "" || !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The paths of the folders below `root` that `mayGo` and have nothing but such folders in them, the inner ones first, so
 * that each can be removed before the next one is asked for. `mayGo` gets the path and how long ago, in milliseconds,
 * something was put into the folder or taken out of it. Follows no link, and passes over folders that cannot be read.
 */
export async function* emptyFoldersBelow(
  root: string,
  mayGo: (path: string, ageMs: number) => Promise<boolean>,
  folder = "",
): AsyncGenerator<string, boolean> {
  let isEmpty = true;
  try {
    // The age is taken before the folders inside are removed.
    const { mtime } = await Deno.lstat(join(root, folder));
    const ageMs = mtime === null ? 0 : Date.now() - mtime.getTime();
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const goes = isDirectory && (yield* emptyFoldersBelow(root, mayGo, path));
      isEmpty &&= goes;
    }
    if (folder === "" || !isEmpty || !await mayGo(folder, ageMs)) return false;
  } catch (error) {
    // A folder that cannot be read, or whose path is too long for the system, may have anything in it.
    if (folder === "") throw error;
    return false;
  }
  yield folder;
  return true;
}
