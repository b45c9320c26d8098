import type { Config } from "../config/config.ts";
import { outwardOf, type OutwardOptions } from "../config/outward.ts";
import type { Log } from "../log.ts";
import { EVENT_TYPES, type EventType, parseSecret } from "../config/hook_values.ts";
import { createCommandHook } from "./command.ts";
import type { Hook } from "./hook.ts";
import { isPublic } from "./public_address.ts";
import { createWebhook } from "./webhook.ts";

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

/** Makes the hooks that the configuration names. */
export function createHooks(options: HookOptions, { log, now }: { log: Log; now: () => number }): Hook[] {
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
  ];
}
