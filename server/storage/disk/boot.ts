import { dirname, join } from "@std/path";
import { syncFolder } from "./folder_sync.ts";

/** A new one after every start of the machine. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** A run of the machine, as far as it is known. */
export interface Boot {
  /** Names it: another one after a start of the machine. */
  readonly id: string;
  /** Says that the run has not ended for what this process leaves: all of that must be on disk before. */
  leave(): Promise<void>;
}

/**
 * Finds out in which run of the machine this process is, which works in the folder `data`. Where the system does not tell
 * (it is no Linux, or the process may not read it: Deno wants `--allow-all`), a process goes on in the run of the one
 * before, if that has left in good order; otherwise it takes itself for the first one after a start of the machine.
 */
export async function bootOf(data: string, path: string = BOOT_ID): Promise<Boot> {
  try {
    return { id: (await Deno.readTextFile(path)).trim(), leave: () => Promise.resolve() };
  } catch {
    const id = await takeMark(markIn(data)) ?? crypto.randomUUID();
    return { id, leave: () => leaveMark(markIn(data), id) };
  }
}

/** It is there while no process works in the folder, when the last one has left in good order. */
function markIn(data: string): string {
  return join(data, "left-in-order");
}

/** It goes before anything else is done: a crash from now on must not find it. */
async function takeMark(mark: string): Promise<string | undefined> {
  try {
    const id = (await Deno.readTextFile(mark)).trim();
    await Deno.remove(mark);
    await syncFolder(dirname(mark));
    return id === "" ? undefined : id;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function leaveMark(mark: string, id: string): Promise<void> {
  {
    using file = await Deno.open(mark, { write: true, create: true, truncate: true });
    await file.write(new TextEncoder().encode(`${id}\n`));
    await file.sync();
  }
  await syncFolder(dirname(mark));
}
