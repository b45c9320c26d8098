import { join } from "@std/path";

/**
 * Lists the regular files below `folder`, each with its name, which begins with `name`, and its real path. Symbolic
 * links and everything in the folders `except` are left out.
 */
export function listFiles(
  folder: string,
  name: string,
  except: readonly string[],
): [name: string, path: string][] {
  const real = Deno.realPathSync(folder);
  if (except.some((other) => isWithin(real, other))) return [];
  return [...Deno.readDirSync(real)].flatMap((entry): [string, string][] => {
    const path = join(real, entry.name);
    const below = `${name}/${entry.name}`;
    if (entry.isDirectory) return listFiles(path, below, except);
    return entry.isFile ? [[below, path]] : [];
  });
}

/**
 * A text that changes when the file at a real path changes; `undefined` when the file is gone, or when its path leads
 * through a symbolic link now. (It uses `Deno.stat`, because `FsFile.stat` throws for files inside a compiled binary.)
 */
export async function fileVersion(path: string): Promise<string | undefined> {
  try {
    if (await Deno.realPath(path) !== path) return undefined;
    const { isFile, mtime, size } = await Deno.stat(path);
    return isFile ? `${mtime?.getTime()}-${size}` : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isWithin(real: string, folder: string): boolean {
  try {
    const outer = Deno.realPathSync(folder);
    return real === outer || real.startsWith(join(outer, "/"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
