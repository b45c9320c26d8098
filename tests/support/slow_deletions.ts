/** Runs before the page's scripts: what is to be deleted can be undone for as long as the test takes. */
export function withSlowDeletions(): void {
  const { setTimeout } = globalThis;
  const slow = (run: () => void, ms?: number) => ms === 5000 ? 0 : setTimeout(run, ms);
  Object.assign(globalThis, { setTimeout: slow });
}
