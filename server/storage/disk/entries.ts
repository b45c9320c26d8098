import { join } from "@std/path";
import { RefusedPath } from "../store.ts";
import type { Lend } from "./descriptors.ts";

// Names and lengths are read and changed by synchronous calls, which take a few microseconds: a twentieth of the time
// that a call on another thread takes. Calls that move many bytes, or wait for the disk, are asynchronous.

/** The entry at a path, which may be a link; `undefined` when nothing lies, or can lie, there. */
export function entryAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error) || hasCode(error, IMPOSSIBLE)) return undefined;
    throw error;
  }
}

/** True for a folder, and for a link to one: the owner of the data may have made the folder a link. */
export function isFolder(path: string): boolean {
  return whereFound(() => Deno.statSync(path).isDirectory) ?? false;
}

/** Makes a file, open for appending; `undefined` when the name is taken. Follows no link. */
export function createFile(path: string, lend: Lend): Deno.FsFile | undefined {
  return whereFree(() => lend(() => Deno.openSync(path, { createNew: true, append: true })));
}

/**
 * Opens a file for appending; `undefined` when there is none. Anything else at the path, such as a link, is removed.
 */
export function openFile(path: string, lend: Lend): Deno.FsFile | undefined {
  const entry = entryAt(path);
  if (entry === undefined) return undefined;
  if (!entry.isFile) {
    removeEntry(path);
    return undefined;
  }
  const file = whereFound(() => lend(() => Deno.openSync(path, { append: true })));
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

/** Opens a file for reading; `undefined` when there is none, or when something else lies there, such as a link. */
export async function openToRead(path: string): Promise<{ file: Deno.FsFile; info: Deno.FileInfo } | undefined> {
  // The look comes before opening, because opening a pipe would wait for its other end.
  const entry = entryAt(path);
  if (entry === undefined || !entry.isFile) return undefined;
  const file = await orNotFound(Deno.open(path));
  if (file === undefined) return undefined;
  try {
    const info = await file.stat();
    // Deno cannot open a path without following links, so the opened file is compared with the entry.
    if (isSameFile(info, entry)) return { file, info };
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** Opens a folder, for flushing it. */
export function openFolder(path: string): Deno.FsFile {
  return Deno.openSync(path);
}

/** Makes a folder; false when the name is taken. Throws {@linkcode RefusedPath}. */
export function makeFolder(path: string): boolean {
  return whereFree(() => unlessRefused(path, () => Deno.mkdirSync(path)) ?? true) ?? false;
}

/** Removes an empty folder. True when it is gone; false when it stays, or when something else lies there. */
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
 * Gives the file at `source` a second name by a hard link; false when something else has that name, or when its folder
 * is missing. A second call changes nothing. Throws {@linkcode RefusedPath}.
 */
export function giveName(source: string, path: string): boolean {
  const link = () => unlessRefused(path, () => Deno.linkSync(source, path)) ?? true;
  return (whereFound(() => whereFree(link)) ?? false) || isSameEntry(source, path);
}

const NOTHING = new Uint8Array();

/**
 * Announces a finished file to programs that watch its folder: they wait until a file that was open for writing is
 * closed (`IN_CLOSE_WRITE`). Nothing is written. A failure is ignored.
 */
export function announce(path: string): void {
  try {
    // One call opens and closes the file.
    Deno.writeFileSync(path, NOTHING, { append: true, create: false });
  } catch {
    // Somebody took the file away at once, or it may not be written to any more.
  }
}

function isSameEntry(one: string, other: string): boolean {
  const [first, second] = [entryAt(one), entryAt(other)];
  return first !== undefined && second !== undefined && isSameFile(first, second);
}

/** True when both describe one file, by inode. On a system without inodes, by length and time. */
export function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  if (one.isFile !== other.isFile || one.isDirectory !== other.isDirectory) return false;
  if (one.ino !== null) return one.ino === other.ino && one.dev === other.dev;
  return one.size === other.size && one.mtime?.getTime() === other.mtime?.getTime();
}

/**
 * Another name that the file of `entry` has in `folder`, besides those in `except`; `undefined` when it has none. The
 * folder is read only if the file has several names, there or elsewhere.
 */
export function otherNameIn(folder: string, entry: Deno.FileInfo, except: readonly string[]): string | undefined {
  if ((entry.nlink ?? 1) === 1) return undefined;
  for (const { name } of Deno.readDirSync(folder)) {
    const other = except.includes(name) ? undefined : entryAt(join(folder, name));
    if (other !== undefined && isSameFile(other, entry)) return name;
  }
  return undefined;
}

/** Removes the entry at a path. No error when there is none. */
export function removeEntry(path: string): void {
  whereFound(() => Deno.removeSync(path));
}

/** Waits for a promise; `undefined` when it rejects because nothing lies at its path. */
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

/** The codes of a path at which nothing can lie: too long, or of characters that the file system does not take. */
const IMPOSSIBLE = ["ENAMETOOLONG", "EINVAL", "EILSEQ", "ELOOP"];

/**
 * The codes of a refusal that a plainer name or another folder may avoid: another disk, no permission, too many
 * entries.
 */
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
