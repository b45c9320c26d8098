import { encodeBase64Url } from "@std/encoding/base64url";
import { join } from "@std/path";
import { createHash } from "node:crypto";

/** The files of the page, as they are at the start, by names such as "client/upload/uploader.ts". */
export class PageFiles {
  /** A text that differs when any file differs. It has 22 letters that are safe in a URL. */
  readonly hash: string;
  readonly #contents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

  /**
   * Reads the files in these folders of `root`. Symbolic links, and everything in the folders `except`, are left out.
   * Throws when a folder or file cannot be read.
   */
  constructor(root: string, { folders, except }: { folders: readonly string[]; except: readonly string[] }) {
    const paths = folders.flatMap((folder) => listFiles(join(root, folder), folder, except));
    this.#contents = new Map(paths.sort().map(([name, path]) => [name, Deno.readFileSync(path)]));
    this.hash = hashOf(this.#contents);
  }

  has(name: string): boolean {
    return this.#contents.has(name);
  }

  /** The file's bytes. Throws when there is no such file. */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const bytes = this.#contents.get(name);
    if (bytes === undefined) throw new Error(`The page has no file ${name}`);
    return bytes;
  }

  /** The file's text. Throws when there is no such file. */
  text(name: string): string {
    return new TextDecoder().decode(this.bytes(name));
  }
}

function hashOf(contents: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const [name, bytes] of contents) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  return encodeBase64Url(hash.digest().subarray(0, 16));
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

function isWithin(real: string, folder: string): boolean {
  try {
    const outer = Deno.realPathSync(folder);
    return real === outer || real.startsWith(join(outer, "/"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
