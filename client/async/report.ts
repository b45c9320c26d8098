/** Reports an error that nobody caught, as `reportError` does, which Node lacks: as one that is thrown by itself. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
