import { until } from "./until.ts";

/**
 * Waits until the unfinished files of a data folder hold exactly `bytes`, in `files` files, or in the one of that name.
 */
export async function untilReceived(data: string, bytes: number, files: number | string = 1): Promise<void> {
  await until(async () => {
    const all = await Array.fromAsync(Deno.readDir(`${data}/incoming`));
    const entries = typeof files === "number" ? all : all.filter(({ name }) => name === files);
    const sizes = await Promise.all(
      entries.map(async ({ name }) => (await Deno.stat(`${data}/incoming/${name}`)).size),
    );
    const sum = sizes.reduce((total, size) => total + size, 0);
    return sum === bytes && sizes.length === (typeof files === "number" ? files : 1);
  }, `the server has ${bytes} bytes in ${files}`);
}

/** Waits until no unfinished file is left in a data folder: what has been finished goes a moment after its answer. */
export async function untilNothingUnfinished(data: string): Promise<void> {
  await until(
    async () => (await Array.fromAsync(Deno.readDir(`${data}/incoming`))).length === 0,
    `no unfinished file is left in ${data}`,
  );
}
