/** Makes a function that runs `work` once, `ms` milliseconds after the first of all calls that come until then. */
export function soon(ms: number, work: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      work();
    }, ms);
  };
}
