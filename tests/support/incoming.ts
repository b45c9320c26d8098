/**
 * Waits until the unfinished files of a data folder hold exactly `bytes`, in `files` files, or in the one of that name;
 * throws after 10 s.
 */
export async function untilReceived(data: string, bytes: number, files: number | string = 1): Promise<void> {
  let held = "nothing";
  for (let tries = 0; tries < 1000; tries++) {
    const all = await Array.fromAsync(Deno.readDir(`${data}/incoming`));
    const entries = typeof files === "number" ? all : all.filter(({ name }) => name === files);
    const sizes = await Promise.all(
      entries.map(async ({ name }) => (await Deno.stat(`${data}/incoming/${name}`)).size),
    );
    const sum = sizes.reduce((total, size) => total + size, 0);
    if (sum === bytes && sizes.length === (typeof files === "number" ? files : 1)) return;
    held = `${sum} bytes in ${sizes.length} files`;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`The server does not have ${bytes} bytes in ${files} after 10 s, but ${held}`);
}

/**
 * Waits until no unfinished file is left in a data folder: what has been finished goes a moment after its answer. Throws
 * after 5 s.
 */
export async function untilNothingUnfinished(data: string): Promise<void> {
  for (let tries = 0;; tries++) {
    const left = await Array.fromAsync(Deno.readDir(`${data}/incoming`), ({ name }) => name);
    if (left.length === 0) return;
    if (tries === 500) throw new Error(`Unfinished files are left after 5 s: ${left}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
