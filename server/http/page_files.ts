import { join } from "@std/path";

/**
 * The regular files below `folder`, each by its name below `name` and its real path. Symbolic links are none, and what is
 * in one of the folders `except` is not either.
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
 * Changes when the file at that real path does; `undefined` when it is not there any more, or when the path leads through
 * a symbolic link now. (`Deno.stat`, because `FsFile.stat` throws on the files inside a compiled binary.)
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
