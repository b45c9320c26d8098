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
 * is another name for a single file, `into` a folder on the server. Reads no file.
 */
export async function gather(
  paths: readonly string[],
  { name, into, signal }: { name?: string | undefined; into?: string | undefined; signal: AbortSignal },
): Promise<Gathered> {
  const files: Found[] = [];
  const missing: { path: string; reason: string }[] = [];
  const leftOut: string[] = [];

  async function visit(path: string, onServer: string, isNamed: boolean): Promise<void> {
    if (signal.aborted) return;
    try {
      const link = isNamed ? undefined : await Deno.lstat(path);
      const info = link === undefined || link.isSymlink ? await Deno.stat(path) : link;
      if (info.isFile) {
        const ownName = onServer.split("/").at(-1)!;
        const type = typeByExtension(extname(ownName)) ?? "";
        files.push({ file: new DiskFile(path, info, { name: ownName, type }), path: onServer });
      } else if (info.isDirectory && link?.isSymlink !== true) await visitFolder(path, onServer);
      else if (isNamed) {
        missing.push({ path, reason: "it is no file and no folder: give - to send what comes out of it" });
      } else leftOut.push(path);
    } catch (error) {
      missing.push({ path, reason: reasonOf(error) });
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

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file: check its name";
  if (error instanceof Deno.errors.NotCapable) return "Deno may not read it: give --allow-read to deno run";
  if (error instanceof Deno.errors.PermissionDenied) return "you may not read it: change its permissions";
  return error instanceof Error ? error.message : String(error);
}
