// Names and sizes are looked at and changed by synchronous calls: they take a few microseconds, a twentieth of what it
// takes to have another thread do them. What moves many bytes, or waits for the disk, never is.

/** What lies at a path, be it a link; `undefined` for nothing. */
export function entryAt(path: string): Deno.FileInfo | undefined {
  return whereFound(() => Deno.lstatSync(path));
}

/** True for a folder, or a link to one; `undefined` for nothing. */
export function isFolder(path: string): boolean | undefined {
  return whereFound(() => Deno.statSync(path).isDirectory);
}

/** Makes a new file, open for appending; `undefined` where the name is taken. */
export function createFile(path: string): Deno.FsFile | undefined {
  return whereFree(() => Deno.openSync(path, { createNew: true, append: true }));
}

/** Opens a file for appending; `undefined` where there is none. */
export function openFile(path: string): Deno.FsFile | undefined {
  return whereFound(() => Deno.openSync(path, { append: true }));
}

/** Opens a folder, to be flushed. */
export function openFolder(path: string): Deno.FsFile {
  return Deno.openSync(path);
}

/** Makes a folder; false where the name is taken. */
export function makeFolder(path: string): boolean {
  return whereFree(() => Deno.mkdirSync(path) ?? true) ?? false;
}

/**
 * Gives the file at `source` another name; false where another file has it, or its folder is not there. Done again, it
 * is done.
 */
export function giveName(source: string, path: string): boolean {
  const isGiven = whereFound(() => whereFree(() => Deno.linkSync(source, path) ?? true)) ?? false;
  return isGiven || isSameFile(source, path);
}

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [entryAt(one), entryAt(other)];
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** Removes the name at a path; nothing happens where there is none. */
export function removeEntry(path: string): void {
  whereFound(() => Deno.removeSync(path));
}

/** Sets when a file was last modified, in milliseconds since 1970. */
export function setModified(path: string, time: number): void {
  const modified = new Date(time);
  Deno.utimeSync(path, modified, modified);
}

/** What something gives that takes longer; `undefined` where it finds nothing at its path. */
export async function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function whereFound<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function whereFree<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
