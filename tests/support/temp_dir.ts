/** A folder of the test's own, removed with all that is in it when the test leaves its scope. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** Makes a new empty folder; use with `await using`. */
export async function tempDir(): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix: "pawl-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
