import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { PROGRAM } from "../config/program.ts";
import type { Delivery, WaitingEvent } from "../storage/event_store.ts";

/** The request that `webhook …` on the command line makes. */
export type WebhookCommand =
  | { readonly kind: "help" }
  | { readonly kind: "list"; readonly data: string }
  /** `what`: the name of a hook, or the id of an event; absent for everything. */
  | { readonly kind: "retry"; readonly data: string; readonly what?: string }
  | { readonly kind: "drop"; readonly data: string; readonly what: string };

/** The text of `webhook --help`. */
export const WEBHOOK_HELP = [
  "The events that --webhook and --hook-command have not taken yet. The commands work while the server runs.",
  "",
  `Usage: ${PROGRAM} webhook list              lists what waits: hook, event, upload, attempts, next one, why`,
  `       ${PROGRAM} webhook retry [WHAT]      tries it now, and sends to a hook again that answered 410`,
  `       ${PROGRAM} webhook drop WHAT         drops it: the hook never hears of it`,
  "",
  "  WHAT             a hook or an event, as the list has them",
  "  --data FOLDER    the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

/** Reads the arguments behind `webhook`. Throws {@linkcode ConfigError}. */
export function parseWebhookCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): WebhookCommand {
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs(args, {
    string: ["data", "_"],
    boolean: ["help"],
    unknown(argument) {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown argument "${argument}": see webhook --help`);
    },
  });
  const [verb, what, ...rest] = given._.map(String);
  if (given["help"] === true || verb === undefined) return { kind: "help" };
  const folder = typeof given["data"] === "string" ? given["data"] : env(variableOf(OPTIONS.data.flag));
  const data = resolve(folder ?? OPTIONS.data.fallback);
  if (rest.length === 0) {
    if (verb === "list" && what === undefined) return { kind: "list", data };
    if (verb === "retry") return { kind: "retry", data, ...what !== undefined && { what } };
    if (verb === "drop" && what !== undefined) return { kind: "drop", data, what };
  }
  throw new ConfigError(`Cannot do "webhook ${given._.join(" ")}": see webhook --help`);
}

/** Stands in the place of a hook for the events that the server has not dealt to the hooks yet. No hook has this name. */
export const UNDEALT = "undealt";

/** One line about an event that the server has not dealt to the hooks yet. */
export function lineOfUndealt({ id, type, upload }: WaitingEvent): string {
  return `${UNDEALT}  ${id}  ${type}  ${upload.id}  waits for the server, which gives it to the hooks`;
}

/** One line about a delivery. */
export function lineOf({ hook, event, attempts, dueAt, problem }: Delivery): string {
  const next = new Date(dueAt).toISOString();
  const why = problem === undefined ? "" : `  ${problem}`;
  return `${hook}  ${event.id}  ${event.type}  ${event.upload.id}  ${attempts} attempts, next ${next}${why}`;
}
