import { ConfigError } from "../config/config.ts";
import { openCommandDatabase } from "./command_database.ts";
import { makeNextDue } from "../hooks/make_next_due.ts";
import {
  lineOf,
  lineOfUndealt,
  parseWebhookCommand,
  UNDEALT,
  WEBHOOK_HELP,
  type WebhookCommand,
} from "../hooks/webhook_command.ts";
import type { Delivery, EventStore } from "../storage/event_store.ts";
import { createEvents } from "../storage/kv/events.ts";
import type { Terminal } from "./tokens.ts";

/**
 * Runs the arguments behind `webhook` on the command line, on the database of a server that may run. Throws {@linkcode
 * ConfigError}.
 */
export async function runWebhookCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print, tell }: Terminal,
): Promise<void> {
  const command = parseWebhookCommand(args, env);
  if (command.kind === "help") return print(WEBHOOK_HELP);
  const database = await openCommandDatabase(command.data, env);
  try {
    await run(command, createEvents(database), { print, tell });
  } finally {
    database.kv.close();
  }
}

async function run(
  command: Exclude<WebhookCommand, { kind: "help" }>,
  store: EventStore,
  { print, tell }: Terminal,
): Promise<void> {
  if (command.kind === "list") {
    for await (const event of store.allUndealt()) print(lineOfUndealt(event));
    for await (const delivery of store.all()) print(lineOf(delivery));
    return;
  }
  const { what } = command;
  const after = (delivery: Delivery) => command.kind === "retry" ? { ...delivery, dueAt: Date.now() } : undefined;
  let count = 0;
  const hooks = new Set<string>();
  for await (const delivery of store.all()) {
    if (what !== undefined && delivery.hook !== what && delivery.event.id !== what) continue;
    hooks.add(delivery.hook);
    if (!await store.change(delivery, after(delivery))) continue;
    count++;
    // A hook that is dropped whole has no next event.
    const isOne = command.kind === "drop" && delivery.event.id === what;
    if (isOne) await makeNextDue(store, delivery.hook, delivery.event.upload.id, Date.now());
  }
  if (command.kind === "retry") {
    for (const hook of what === undefined ? hooks : [...hooks, what]) await store.setDisabled(hook, undefined);
    return tell(`${count} deliveries are tried now, if the server runs`);
  }
  for await (const event of store.allUndealt()) {
    if (what !== event.id && what !== UNDEALT) continue;
    await store.deal(event, []);
    count++;
  }
  if (count === 0) throw new ConfigError(`Nothing waits for ${what}: see webhook list`);
  tell(`Dropped ${count} deliveries`);
}
