/** The signals that end a command, with the exit code of each: 128 and the signal's number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The signals of this process, which are listened to until the disposal. */
export interface Stop extends Disposable {
  /** Aborts at the first signal, with the exit code as its reason. A second signal ends the process at once. */
  readonly signal: AbortSignal;
}

/** Listens to the signals that end a command. */
export function listenForStop(): Stop {
  const stop = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, code]) => {
    const onSignal = () => stop.signal.aborted ? Deno.exit(code) : stop.abort(code);
    Deno.addSignalListener(name as Deno.Signal, onSignal);
    return () => Deno.removeSignalListener(name as Deno.Signal, onSignal);
  });
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
}
