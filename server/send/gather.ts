import { typeByExtension } from "@std/media-types";
import { basename, extname, join, resolve } from "@std/path";
import { DiskFile } from "./disk_file.ts";

/** A file to send. */
export interface Found {
  readonly file: DiskFile;
  /** Its path on the server, with `/`. */
  readonly path: string;
}

/** All that there is to send. */
export interface Gathered {
  readonly files: readonly Found[];
  /** The paths that could not be read, each with the reason. */
  readonly missing: readonly { readonly path: string; readonly reason: string }[];
  /** The paths in folders that are no file and no folder, and links to folders, which may lead round in a circle. */
  readonly leftOut: readonly string[];
}

/**
 * Finds the files that these paths name, and those below folders, whose paths begin with the folder's own name. `name`
 * is another name for a single file, `into` a folder on the server. A file that is named twice is found once. Reads no
 * more than the first byte of files that say they are empty.
 */
export async function gather(
  paths: readonly string[],
  { name, into, signal }: { name?: string | undefined; into?: string | undefined; signal: AbortSignal },
): Promise<Gathered> {
  const files: Found[] = [];
  const missing: { path: string; reason: string }[] = [];
  const leftOut: string[] = [];
  const places = new Places();

  async function visit(path: string, onServer: string, isNamed: boolean): Promise<void> {
    if (signal.aborted) return;
    try {
      const link = isNamed ? undefined : await Deno.lstat(path);
      const info = link === undefined || link.isSymlink ? await Deno.stat(path) : link;
      if (info.isFile) {
        const before = places.take(onServer, { path, info });
        if (before === "same") return;
        if (before !== undefined) {
          missing.push({ path, reason: `it looks like ${before} to the server: send it with --into another folder` });
        } else if (info.size === 0 && await hasBytes(path)) {
          missing.push({ path, reason: "it does not tell its size: give - to send what comes out of it" });
        } else {
          const ownName = onServer.split("/").at(-1)!;
          const type = typeByExtension(extname(ownName)) ?? "";
          files.push({ file: new DiskFile(path, info, { name: ownName, type }), path: onServer });
        }
      } else if (info.isDirectory && link?.isSymlink !== true) await visitFolder(path, onServer);
      else if (isNamed) {
        missing.push({ path, reason: "it is no file and no folder: give - to send what comes out of it" });
      } else leftOut.push(path);
    } catch (error) {
      missing.push({ path, reason: reasonOf(error, path) });
    }
  }

  async function visitFolder(path: string, onServer: string): Promise<void> {
    const names = await Array.fromAsync(Deno.readDir(path), (entry) => entry.name);
    for (const name of names.sort()) await visit(join(path, name), `${onServer}/${name}`, false);
  }

  for (const path of paths) {
    // The name of "." or "..", which has none of its own.
    const own = name ?? basename(resolve(path));
    await visit(path, [into, own === "" ? "files" : own].filter((part) => part !== undefined).join("/"), true);
  }
  return { files, missing, leftOut };
}

/** The files that go to each place on the server, so that no two are taken for one there. */
class Places {
  readonly #taken = new Map<string, Place[]>();

  /**
   * Notes a file. Gives `"same"` when it is noted already, and the path of another one that the server cannot tell from
   * it: both have one path there, one size and one time of last change.
   */
  take(onServer: string, place: Place): string | undefined {
    const { info } = place;
    const others = this.#taken.get(onServer) ?? [];
    if (others.some((other) => isSame(other, place))) return "same";
    const alike = others.find((other) => other.info.size === info.size && +other.info.mtime! === +info.mtime!);
    this.#taken.set(onServer, [...others, place]);
    return alike?.path;
  }
}

interface Place {
  readonly path: string;
  readonly info: Deno.FileInfo;
}

function isSame(one: Place, other: Place): boolean {
  if (resolve(one.path) === resolve(other.path)) return true;
  return one.info.ino !== null && one.info.ino === other.info.ino && one.info.dev === other.info.dev;
}

/** True when a byte can be read, as from the files of /proc, whose size is 0 whatever is in them. */
async function hasBytes(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  return await file.read(new Uint8Array(1)) !== null;
}

/** The sign that the runtime puts where the bytes of a name are no UTF-8. */
const NOT_UTF8 = "\ufffd";

function reasonOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) {
    if (path.includes(NOT_UTF8)) return "its name is not UTF-8, so Deno cannot open it: give it another name";
    return isLink(path) ? "the link leads to nothing" : "there is no such file: check its name";
  }
  if (error instanceof Deno.errors.FilesystemLoop) return "the link leads round in a circle";
  if (error instanceof Deno.errors.NotCapable) return "Deno may not read it: give --allow-read to deno run";
  if (error instanceof Deno.errors.PermissionDenied) return "you may not read it: change its permissions";
  return error instanceof Error ? error.message : String(error);
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
