import { join } from "@std/path";
import { entryAt } from "./entries.ts";

const isWindows = Deno.build.os === "windows";

/** The characters that no segment of a path may have: separators, those of Windows too, and NUL. */
const FORBIDDEN = isWindows ? /[/\\:\0]/ : /[/\\\0]/;

/** True for a segment: a text that names one entry of a folder and leads nowhere else. */
export function isSegment(text: string): boolean {
  if (text === "" || text === "." || text === ".." || FORBIDDEN.test(text)) return false;
  // Windows drops dots and spaces at the end of a name, so `.. ` is `..` there.
  return !isWindows || !/[. ]$/.test(text);
}

/** Gives the path on disk for a path below a root; `undefined` for a path that the wall refuses (I7). */
export type Resolve = (path: string) => string | undefined;

/**
 * Makes the wall around `root` (I7). The result always lies below `root`, with no symbolic link on the way. The wall
 * refuses a path with a segment that is empty, `.`, `..` or has a separator or NUL in it, and a path with something on
 * the way that is no folder, such as a link. A missing folder on the way is allowed, because nothing lies there. The
 * wall does not look at the last segment. Each folder of the path costs one look.
 */
export function createResolve(root: string): Resolve {
  return (path) => {
    const segments = path.split("/");
    if (!segments.every(isSegment)) return undefined;
    let folder = root;
    for (const segment of segments.slice(0, -1)) {
      folder = join(folder, segment);
      const entry = entryAt(folder);
      if (entry === undefined) break;
      if (!entry.isDirectory) return undefined;
    }
    return join(root, ...segments);
  };
}

/** Makes the wall around one folder: gives the path of an entry by its name. Throws for a name that is no segment. */
export function createEntryPath(folder: string): (name: string) => string {
  return (name) => {
    if (isSegment(name)) return join(folder, name);
    throw new Error(`Not the name of an entry: ${JSON.stringify(name)}`);
  };
}
