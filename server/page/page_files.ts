import { encodeBase64Url } from "@std/encoding/base64url";
import { join } from "@std/path";

/** The files of the page as they are at one moment. */
export interface Snapshot {
  /** A text that changes when the content of any file changes. It has 22 letters that are safe in a URL. */
  readonly hash: string;
  readonly versions: ReadonlyMap<string, string | undefined>;
}

/** The files that lie in the folders of the page at the start, by names such as "client/upload/uploader.ts". */
export class PageFiles {
  readonly #paths: ReadonlyMap<string, string>;
  #latest: Snapshot | undefined;

  /**
   * Lists the files in these folders of `root`. Symbolic links, and everything in the folders `except`, are left out.
   * Throws when a folder cannot be read.
   */
  constructor(root: string, { folders, except }: { folders: readonly string[]; except: readonly string[] }) {
    this.#paths = new Map(folders.flatMap((folder) => listFiles(join(root, folder), folder, except)));
  }

  has(name: string): boolean {
    return this.#paths.has(name);
  }

  /** A text that changes when the file changes; `undefined` when there is no such file, or no more. */
  async version(name: string): Promise<string | undefined> {
    const path = this.#paths.get(name);
    return path && await fileVersion(path);
  }

  /** The file's bytes. Throws when there is no such file. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const path = this.#paths.get(name);
    if (path === undefined) throw new Error(`The page has no file ${name}`);
    return await Deno.readFile(path);
  }

  /** The snapshot that was taken last; `undefined` before the first one. */
  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** Looks at each file, and reads all of them when any has changed since the last look. */
  async snapshot(): Promise<Snapshot> {
    const names = [...this.#paths.keys()].sort();
    const versions = new Map(await Promise.all(names.map(async (name) => [name, await this.version(name)] as const)));
    const latest = this.#latest;
    if (latest !== undefined && names.every((name) => latest.versions.get(name) === versions.get(name))) return latest;
    return this.#latest = { hash: await this.#hashOf(versions), versions };
  }

  async #hashOf(versions: Snapshot["versions"]): Promise<string> {
    const existing = [...versions].filter(([, version]) => version !== undefined).map(([name]) => name);
    const contents = await Promise.all(existing.map((name) => this.read(name)));
    const parts = existing.flatMap((name, index) => [`${name} ${contents[index]!.length}\n`, contents[index]!]);
    const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
    return encodeBase64Url(new Uint8Array(digest, 0, 16));
  }
}

function listFiles(folder: string, name: string, except: readonly string[]): [name: string, path: string][] {
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
 * `undefined` when the file is gone, or when its path leads through a symbolic link now. (It uses `Deno.stat`, because
 * `FsFile.stat` throws for files inside a compiled binary.)
 */
async function fileVersion(path: string): Promise<string | undefined> {
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
