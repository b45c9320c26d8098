import type { Config } from "./config/config.ts";
import { currentFacts, type FactsDeps } from "./hooks/current_facts.ts";
import { Dispatcher } from "./hooks/dispatcher.ts";
import type { AttemptEnd } from "./hooks/hook.ts";
import { createHooks, type HookDeps } from "./hooks/hooks.ts";
import type { Storage } from "./open_storage.ts";
import type { EventStore } from "./storage/event_store.ts";
import { createOutbox, NO_OUTBOX, type Outbox } from "./storage/kv/events.ts";

/** The hooks of a server, from its records to those who hear of events. */
export interface OpenHooks extends AsyncDisposable {
  /** Puts events into the commits of the records. */
  readonly outbox: Outbox;
  /** Begins to deliver events, if anybody wants them. */
  start(
    stores: FactsDeps & {
      readonly events: EventStore;
      readonly attempted: (end: AttemptEnd) => void;
      readonly alone: Storage["alone"];
    },
  ): void;
}

/**
 * Connects the hooks that the configuration and the program around the server name. Nothing is delivered before their
 * start, or after their disposal.
 */
export function openHooks(config: Config, deps: HookDeps): OpenHooks {
  const { log, now } = deps;
  const hooks = createHooks(config, deps);
  const ending = new AbortController();
  let dispatcher: Dispatcher | undefined;
  let delivering = Promise.resolve();
  return {
    outbox: hooks.length === 0 ? NO_OUTBOX : createOutbox({ now, wake: () => dispatcher?.wake() }),
    start({ events, attempted, alone, ...stores }) {
      if (hooks.length === 0) return;
      delivering = deliver();

      async function deliver(): Promise<void> {
        for (;;) {
          await alone("hooks", async (lost) => {
            await using _own = dispatcher = new Dispatcher({
              store: events,
              hooks,
              current: currentFacts(stores),
              attempted,
              log,
              now,
            });
            await firstAborted(ending.signal, lost);
          });
          dispatcher = undefined;
          if (ending.signal.aborted) return;
          await firstAborted(ending.signal, AbortSignal.timeout(LOOK_EVERY_MS));
        }
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await delivering;
    },
  };
}

/** How often an instance looks whether it may deliver events, which another one does, in milliseconds. */
const LOOK_EVERY_MS = 5000;

/** Resolves as soon as one of the signals aborts. */
async function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const done = new AbortController();
  await new Promise<void>((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { signal: done.signal });
    }
  });
  done.abort();
}
