import { RefusedPath } from "../store.ts";

// Names and sizes are looked at and changed by synchronous calls: they take a few microseconds, a twentieth of what it
// takes to have another thread do them. What moves many bytes, or waits for the disk, never is.

/** What lies at a path, be it a link; `undefined` for nothing, and for a path at which nothing can lie. */
export function entryAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error) || hasCode(error, IMPOSSIBLE)) return undefined;
    throw error;
  }
}

/** True for a folder, and for a link to one: where the owner of the data wants it to lie. */
export function isFolder(path: string): boolean {
  return whereFound(() => Deno.statSync(path).isDirectory) ?? false;
}

/** Makes a new file, open for appending; `undefined` where the name is taken. Follows no link. */
export function createFile(path: string): Deno.FsFile | undefined {
  return whereFree(() => Deno.openSync(path, { createNew: true, append: true }));
}

/** Opens a file for appending; `undefined` where there is none. What else lies there, as a link does, goes. */
export function openFile(path: string): Deno.FsFile | undefined {
  const entry = entryAt(path);
  if (entry === undefined) return undefined;
  if (!entry.isFile) {
    removeEntry(path);
    return undefined;
  }
  const file = whereFound(() => Deno.openSync(path, { append: true }));
  if (file === undefined) return undefined;
  try {
    if (isSameFile(file.statSync(), entry)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  throw new Error(`"${path}" was exchanged while it was opened`);
}

/** Opens a file for reading; `undefined` where there is none, where something else lies there, be it a link. */
export async function openToRead(path: string): Promise<{ file: Deno.FsFile; info: Deno.FileInfo } | undefined> {
  // Before it is opened: a pipe would wait for its other end.
  const entry = entryAt(path);
  if (entry === undefined || !entry.isFile) return undefined;
  const file = await orNotFound(Deno.open(path));
  if (file === undefined) return undefined;
  try {
    const info = await file.stat();
    // No call opens a path and follows no link: what was opened is held against what was looked at.
    if (isSameFile(info, entry)) return { file, info };
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** Opens a folder, to be flushed. */
export function openFolder(path: string): Deno.FsFile {
  return Deno.openSync(path);
}

/** Makes a folder; false where the name is taken. Throws {@linkcode RefusedPath}. */
export function makeFolder(path: string): boolean {
  return whereFree(() => unlessRefused(path, () => Deno.mkdirSync(path)) ?? true) ?? false;
}

/** Removes a folder that is empty, or gone already. False where it stays, and where something else lies there. */
export function removeFolder(path: string): boolean {
  const entry = entryAt(path);
  if (entry === undefined) return true;
  if (!entry.isDirectory) return false;
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    return isNotFound(error);
  }
}

/**
 * Gives the file at `source` another name; false where another file has it, or its folder is not there. Done again, it
 * is done. Throws {@linkcode RefusedPath}.
 */
export function giveName(source: string, path: string): boolean {
  const link = () => unlessRefused(path, () => Deno.linkSync(source, path)) ?? true;
  return (whereFound(() => whereFree(link)) ?? false) || isSameEntry(source, path);
}

const NOTHING = new Uint8Array();

/**
 * Lets programs that watch a folder hear that a file in it is whole: closing it, opened for writing by this name, is what
 * they wait for (`IN_CLOSE_WRITE`). Nothing is written. That they do not hear of it is no reason to fail.
 */
export function announce(path: string): void {
  try {
    // Opened, closed, and nothing between, in one call.
    Deno.writeFileSync(path, NOTHING, { append: true, create: false });
  } catch {
    // It was taken away at once, or may not be written to any more.
  }
}

function isSameEntry(one: string, other: string): boolean {
  const [first, second] = [entryAt(one), entryAt(other)];
  return first !== undefined && second !== undefined && isSameFile(first, second);
}

/** True for two looks at one file. Where the system numbers no files, one of the same length and time is taken for it. */
export function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  if (one.isFile !== other.isFile || one.isDirectory !== other.isDirectory) return false;
  if (one.ino !== null) return one.ino === other.ino && one.dev === other.dev;
  return one.size === other.size && one.mtime?.getTime() === other.mtime?.getTime();
}

/** Removes the name at a path; nothing happens where there is none. */
export function removeEntry(path: string): void {
  whereFound(() => Deno.removeSync(path));
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

export function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
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

/** Too long, or of characters that the file system does not take. */
const IMPOSSIBLE = ["ENAMETOOLONG", "EINVAL", "EILSEQ", "ELOOP"];

/** What may go well under another name, or in another folder: another disk, no right to write, too many entries. */
const REFUSED = [...IMPOSSIBLE, "EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

function unlessRefused<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (hasCode(error, REFUSED)) throw new RefusedPath(path, { cause: error });
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
