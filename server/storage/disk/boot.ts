import { dirname, join } from "@std/path";
import { flushFolder } from "./folder_flush.ts";

/** Linux's boot id: a new one after every start of the machine. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** The boot that this process runs in, as far as the system tells it. */
export interface Boot {
  /** The boot's id. It is another one after a start of the machine. */
  readonly id: string;
  /** Lets the next process count as one of the same boot. Everything that this process wrote must be flushed before. */
  markCleanStop(): Promise<void>;
}

/**
 * Finds out which boot this process runs in. `data` is its data folder. Only Linux tells the boot, and Deno lets a
 * process read that with `--allow-all` only. Otherwise this process continues the boot of the process before if that
 * one stopped cleanly, and begins a new boot if not.
 */
export async function bootOf(data: string, path: string = BOOT_ID): Promise<Boot> {
  const known = await bootBySystem(path);
  if (known !== undefined) return { id: known, markCleanStop: () => Promise.resolve() };
  const id = await takeMark(markIn(data)) ?? crypto.randomUUID();
  return { id, markCleanStop: () => writeMark(markIn(data), id) };
}

/** The boot's id if the system tells it; `undefined` otherwise. Changes nothing. */
export async function bootBySystem(path: string = BOOT_ID): Promise<string | undefined> {
  return await Deno.readTextFile(path).then((id) => id.trim(), () => undefined);
}

/** The boot in which the last process stopped cleanly, where the system does not tell the boot; `undefined` otherwise. */
export async function bootOfCleanStop(data: string): Promise<string | undefined> {
  const id = await Deno.readTextFile(markIn(data)).then((text) => text.trim(), () => "");
  return id === "" ? undefined : id;
}

/** The path of the mark that a clean stop leaves. The file's name is older than the word "clean stop". */
function markIn(data: string): string {
  return join(data, "left-in-order");
}

/** Gives the text of the mark, and removes it, so that a later crash leaves none. `undefined` if there is no mark. */
async function takeMark(mark: string): Promise<string | undefined> {
  try {
    const id = (await Deno.readTextFile(mark)).trim();
    await Deno.remove(mark);
    await flushFolder(dirname(mark));
    return id === "" ? undefined : id;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function writeMark(mark: string, id: string): Promise<void> {
  {
    using file = await Deno.open(mark, { write: true, create: true, truncate: true });
    await file.write(new TextEncoder().encode(`${id}\n`));
    await file.sync();
  }
  await flushFolder(dirname(mark));
}
