/** Gives the errors that are reported, as a browser writes them to its console, while `run` runs. */
export async function reportedBy(run: () => void | Promise<void>): Promise<unknown[]> {
  const reported: unknown[] = [];
  const report = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error);
  };
  addEventListener("error", report);
  try {
    await run();
  } finally {
    removeEventListener("error", report);
  }
  return reported;
}
