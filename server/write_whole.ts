/** How long the wait is before a full pipe is tried again, in milliseconds. */
const FULL_MS = 5;

/**
 * Writes all of `bytes`, and waits while nothing more fits. A pipe or a terminal that another program has made
 * non-blocking says so by an error, which must not end this one.
 */
export function writeWhole(output: Pick<typeof Deno.stdout, "writeSync">, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += output.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
    }
  }
}
