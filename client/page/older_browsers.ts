/**
 * Brings along the functions that the client uses and browsers of 2022 lack. The README names the oldest browsers that
 * the page runs in.
 */
export function mendOlderBrowsers(): void {
  Promise.withResolvers ??= function withResolvers<Value>(): PromiseWithResolvers<Value> {
    let resolve!: PromiseWithResolvers<Value>["resolve"];
    let reject!: PromiseWithResolvers<Value>["reject"];
    const promise = new Promise<Value>((...both) => [resolve, reject] = both);
    return { promise, resolve, reject };
  };

  AbortSignal.any ??= function any(signals: Iterable<AbortSignal>): AbortSignal {
    const all = [...signals];
    const controller = new AbortController();
    const end = ({ reason }: AbortSignal) => controller.abort(reason);
    const aborted = all.find((signal) => signal.aborted);
    if (aborted !== undefined) end(aborted);
    // The listeners end with the first signal that aborts.
    const { signal: until } = controller;
    for (const signal of all) signal.addEventListener("abort", () => end(signal), { signal: until });
    return controller.signal;
  };

  AbortSignal.timeout ??= function timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("It took too long", "TimeoutError")), ms);
    return controller.signal;
  };
}
