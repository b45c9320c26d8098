import type { Config } from "../config/config.ts";
import { outwardOf, type OutwardOptions } from "../config/outward.ts";
import type { Log } from "../log.ts";
import { EVENT_TYPES, type EventType, parseSecret } from "../config/hook_values.ts";
import { ConfigError } from "../config/config_error.ts";
import { createCommandHook } from "./command.ts";
import { createListenerHook, type UploadListener } from "./listener.ts";
import type { Hook } from "./hook.ts";
import { isPublic } from "./public_address.ts";
import { createWebhook } from "./webhook.ts";

/** The name of a listener is a part of keys, and people type it behind `webhook retry`. */
const LISTENER_NAME = /^[\w-]{1,64}$/;

/** The options that hooks are made of. */
export type HookOptions =
  & OutwardOptions
  & Pick<
    Config,
    | "webhooks"
    | "webhookEvents"
    | "webhookSecret"
    | "webhookAllowPrivate"
    | "hookCommand"
    | "hookTimeoutMs"
  >;

/** The dependencies of {@linkcode createHooks}. */
export interface HookDeps {
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The functions that hear of events, by their names. By default there are none. */
  readonly listeners?: Readonly<Record<string, UploadListener>>;
}

/** Makes the hooks that the configuration names, and those of functions. Throws {@linkcode ConfigError} for a wrong name. */
export function createHooks(options: HookOptions, { log, now, listeners = {} }: HookDeps): Hook[] {
  for (const name of Object.keys(listeners)) {
    if (!LISTENER_NAME.test(name)) {
      throw new ConfigError(
        `A listener cannot have the name ${JSON.stringify(name.slice(0, 64))}: give letters, digits, _ and -`,
      );
    }
  }
  const { webhooks, webhookEvents, webhookSecret, hookCommand } = options;
  const types: ReadonlySet<EventType> = new Set(
    EVENT_TYPES.filter((type) => webhookEvents.includes("*") || webhookEvents.includes(type)),
  );
  const shared = {
    types,
    publicUrl: outwardOf(options).url,
    now,
    log,
    allows: options.webhookAllowPrivate ? () => true : isPublic,
  };
  const secret = parseSecret(webhookSecret) ?? new Uint8Array();
  const command = { ...shared, program: hookCommand, timeoutMs: options.hookTimeoutMs };
  return [
    ...[...new Set(webhooks)].map((url) => createWebhook({ ...shared, url: new URL(url), secret })),
    ...hookCommand === "" ? [] : [createCommandHook(command)],
    ...Object.entries(listeners).map(([name, listener]) =>
      createListenerHook({ ...shared, name, listener, timeoutMs: options.hookTimeoutMs })
    ),
  ];
}
