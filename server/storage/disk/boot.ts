/** A new one after every start of the machine. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/**
 * Names the run of the machine that this process is in. Where the system does not tell (it is no Linux, or the process
 * may not read it), every process takes itself for the first one after a start of the machine.
 */
export async function bootOf(path: string = BOOT_ID): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch {
    return crypto.randomUUID();
  }
}
