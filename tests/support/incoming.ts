import { testStore } from "./test_store.ts";
import { until } from "./until.ts";

/**
 * Waits until the unfinished files of a server hold exactly `bytes`, in `files` files, or in the one of that name.
 */
export async function untilReceived(data: string, bytes: number, files: number | string = 1): Promise<void> {
  await until(async () => {
    const all = [...await testStore().incomingBytes(data)];
    const found = typeof files === "number" ? all : all.filter(([name]) => name === files);
    const sum = found.reduce((total, [, size]) => total + size, 0);
    return sum === bytes && found.length === (typeof files === "number" ? files : 1);
  }, `the server has ${bytes} bytes in ${files}`);
}

/** Waits until a server has no unfinished file: what has been finished goes a moment after its answer. */
export async function untilNothingUnfinished(data: string): Promise<void> {
  await until(async () => (await testStore().incomingBytes(data)).size === 0, `no unfinished file is left in ${data}`);
}
