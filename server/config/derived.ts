/**
 * Gives what `make` makes of a source. It is made anew only when the source is another one: so something that depends on
 * an option follows its changes, and costs nothing while there are none.
 */
export function derived<S, T>(source: () => S, make: (source: S) => T): () => T {
  let known = source();
  let made = make(known);
  return () => {
    const now = source();
    if (now !== known) {
      made = make(now);
      known = now;
    }
    return made;
  };
}
