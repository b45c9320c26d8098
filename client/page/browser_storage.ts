/** Gives what the browser keeps for pages of this origin; `undefined` in a browser that keeps nothing. */
export function browserStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    // Some browsers throw if they were told to keep nothing.
    return undefined;
  }
}
