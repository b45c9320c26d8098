import type { Config } from "./config/config.ts";
import { currentFacts, type FactsDeps } from "./hooks/current_facts.ts";
import { Dispatcher } from "./hooks/dispatcher.ts";
import type { AttemptEnd } from "./hooks/hook.ts";
import { createHooks, type HookDeps } from "./hooks/hooks.ts";
import type { EventStore } from "./storage/event_store.ts";
import { createOutbox, NO_OUTBOX, type Outbox } from "./storage/kv/events.ts";

/** The hooks of a server, from its records to those who hear of events. */
export interface OpenHooks extends AsyncDisposable {
  /** Puts events into the commits of the records. */
  readonly outbox: Outbox;
  /** Begins to deliver events, if anybody wants them. */
  start(stores: FactsDeps & { readonly events: EventStore; readonly attempted: (end: AttemptEnd) => void }): void;
}

/**
 * Connects the hooks that the configuration and the program around the server name. Nothing is delivered before their
 * start, or after their disposal.
 */
export function openHooks(config: Config, deps: HookDeps): OpenHooks {
  const { log, now } = deps;
  const hooks = createHooks(config, deps);
  let dispatcher: Dispatcher | undefined;
  return {
    outbox: hooks.length === 0 ? NO_OUTBOX : createOutbox({ now, wake: () => dispatcher?.wake() }),
    start({ events, attempted, ...stores }) {
      if (hooks.length === 0) return;
      dispatcher = new Dispatcher({ store: events, hooks, current: currentFacts(stores), attempted, log, now });
    },
    async [Symbol.asyncDispose]() {
      await dispatcher?.[Symbol.asyncDispose]();
    },
  };
}
