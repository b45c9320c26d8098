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
