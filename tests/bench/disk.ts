import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fromFileUrl, join } from "@std/path";

/** A new folder on a real disk, removed with all that is in it when its scope ends. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** What `statfs` calls the file systems that lie in memory. */
const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** Longer than the delay of Linux's free page reporting. */
const GIVE_BACK_MS = 2500;

/**
 * Makes the folder in which every peer works: in `parent`, or in the first of the usual temporary folders, or this
 * checkout, that is not kept in memory. Throws when `parent` is: there a flush to disk costs nothing.
 */
export async function scratch(parent?: string): Promise<Scratch> {
  const root = fromFileUrl(new URL("../../", import.meta.url));
  for (const dir of parent === undefined ? [tmpdir(), "/var/tmp", root] : [parent]) {
    const { type } = await statfs(dir);
    if (type === TMPFS || type === RAMFS) continue;
    const path = await Deno.makeTempDir({ dir, prefix: "pawl-bench-" });
    await spread(path);
    return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
  }
  throw new Error(`Cannot measure in ${parent ?? tmpdir()}: its file system lies in memory`);
}

/**
 * Tells ext4 to put each folder in here into a part of the disk of its own. Where many files were removed within the last
 * minutes, also by an earlier run, making one takes ext4 up to a millisecond longer: no peer is to pay for another.
 * Other file systems do not know it, nor need it.
 */
async function spread(path: string): Promise<void> {
  await new Deno.Command("chattr", { args: ["+T", path], stdin: "null", stderr: "null" }).output().catch(() => {});
}

/**
 * Brings disk and memory into the same state before every timed part. Two things would else make one peer pay for
 * another: dirty pages of the turn before, and memory that is new to a virtual machine. Linux gives free pages back
 * to the host two seconds after they were freed, and every page costs a fault in the host when it is used again:
 * `dd` of 1 GiB took 2.4 s that way, and 0.5 s with pages that had been touched just before. So this waits until all
 * free pages are given back, unless it is not `patient`, then takes `bytes` of them again by writing a file that it
 * removes.
 */
export async function settle(
  dir: string,
  { bytes, patient }: { bytes: number; patient: boolean },
  signal: AbortSignal,
): Promise<void> {
  await run("sync", [], signal);
  if (patient) await delay(GIVE_BACK_MS, undefined, { signal });
  const path = join(dir, "settle.bin");
  using file = await Deno.open(path, { createNew: true, write: true });
  const block = new Uint8Array(1 << 20);
  for (let done = 0; done < bytes; done += await file.write(block)) signal.throwIfAborted();
  await Deno.remove(path);
}

/** Runs a command to its end, in the folder `cwd` if given. Throws with what it printed when it fails. */
export async function run(command: string, args: string[], signal: AbortSignal, cwd?: string): Promise<void> {
  const options = { args, signal, stdin: "null", ...cwd !== undefined && { cwd } } as const;
  const { success, code, stderr } = await new Deno.Command(command, options).output();
  signal.throwIfAborted();
  if (!success) throw new Error(`"${command}" ended with code ${code}: ${new TextDecoder().decode(stderr)}`);
}

/** The first line that `command --version` prints, or `undefined` when there is no such command. */
export async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(command, { args: ["--version"], stdin: "null" }).output();
    return new TextDecoder().decode(stdout).split("\n", 1)[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** How many bytes there is space for on the disk of a folder. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
