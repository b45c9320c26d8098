/** What lies at a path, be it a link; `undefined` for nothing. */
export function entryAt(path: string): Deno.FileInfo | undefined {
  return whereFound(() => Deno.lstatSync(path));
}

/** Removes the name at a path; nothing happens where there is none. */
export function removeEntry(path: string): void {
  whereFound(() => Deno.removeSync(path));
}

/** What `look` gives; `undefined` where it finds nothing at its path. */
export function whereFound<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The same for what takes longer. */
export async function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
