const EVENTS = ["online", "visibilitychange", "pageshow"] as const;

/**
 * Resolves when there is a reason to believe that the network is back: the browser says so, or its page is looked at
 * again after a sleep. Resolves when `signal` aborts too. Workers and programs have none of these events.
 */
export function untilWoken(signal: AbortSignal, target: EventTarget = globalThis): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (event?: Event) => {
      if (event?.type === "visibilitychange" && isHidden(event.target)) return;
      for (const name of EVENTS) target.removeEventListener(name, end);
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => end();
    for (const name of EVENTS) target.addEventListener(name, end);
    signal.addEventListener("abort", onAbort);
  });
}

function isHidden(target: EventTarget | null): boolean {
  return target !== null && "visibilityState" in target && target.visibilityState === "hidden";
}
