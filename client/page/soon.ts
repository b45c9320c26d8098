/**
 * Makes a function that asks for `work`: it runs at once behind the code that asks, and when it ran less than `ms`
 * milliseconds ago, as soon as these are over. What is asked for until then is one run.
 */
export function soon(ms: number, work: () => void): () => void {
  let isDue = false;
  let lastEnd = -Infinity;
  return () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      work();
      lastEnd = performance.now();
    }, Math.max(0, lastEnd + ms - performance.now()));
  };
}
