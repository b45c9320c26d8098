import { join } from "@std/path";
import { entryAt } from "./entries.ts";

const isWindows = Deno.build.os === "windows";

/** What no part of a path may hold: separators, of Windows too, and the character that ends a text for the system. */
const FORBIDDEN = isWindows ? /[/\\:\0]/ : /[/\\\0]/;

/** True for a text that names one entry of a folder and leads nowhere else. */
export function isPart(part: string): boolean {
  if (part === "" || part === "." || part === ".." || FORBIDDEN.test(part)) return false;
  // Windows drops dots and spaces at the end: there `.. ` is `..`.
  return !isWindows || !/[. ]$/.test(part);
}

/** Gives the place on disk of a path below a root; `undefined` for a path that nothing may be read from, or written to. */
export type Resolve = (path: string) => string | undefined;

/**
 * The wall around `root`: whatever path it is given, with `/` between the parts, its place lies below `root`, and no
 * symbolic link is on the way. `undefined` for a path with a part that is no name (`.`, `..`, nothing, one with a
 * separator or NUL inside), and where something else than a folder, a link to one too, has the name of a folder on the
 * way. A folder that is missing is no obstacle: nothing lies there. What the last part names is for the caller to look
 * at. Costs one look for each folder of the path.
 */
export function createResolve(root: string): Resolve {
  return (path) => {
    const parts = path.split("/");
    if (!parts.every(isPart)) return undefined;
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      folder = join(folder, part);
      const entry = entryAt(folder);
      if (entry === undefined) break;
      if (!entry.isDirectory) return undefined;
    }
    return join(root, ...parts);
  };
}

/** The same for the entries of one folder. Throws for a text that is no name: the caller has let something through. */
export function createEntryPath(folder: string): (name: string) => string {
  return (name) => {
    if (isPart(name)) return join(folder, name);
    throw new Error(`Not the name of an entry: ${JSON.stringify(name)}`);
  };
}
