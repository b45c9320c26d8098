import { ConfigError } from "../config/config_error.ts";
import { nearest } from "../config/nearest.ts";
import type { Terminal } from "./tokens.ts";

/**
 * Runs the arguments behind a command's name, with the environment's variables. May give an exit code. Throws a
 * `ConfigError` when they are wrong.
 */
export type RunCommand = (
  args: readonly string[],
  env: (name: string) => string | undefined,
  terminal: Terminal,
) => Promise<number | void>;

/** A command besides the server: the first word of the command line. */
export interface Command {
  readonly name: string;
  /** The line about it in `--help`. */
  readonly about: string;
  /** Loads the command. A server needs none of them, and a command no other one, so that each starts fast. */
  load(): Promise<RunCommand>;
}

/** All commands besides the server, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  {
    name: "send",
    about: "sends files and folders to a server, and goes on where it stopped",
    load: async () => (await import("./send.ts")).runSendCommand,
  },
  {
    name: "token",
    about: "makes, lists and removes tokens, which let people and programs in",
    load: async () => (await import("./tokens.ts")).runTokenCommand,
  },
  {
    name: "link",
    about: "makes, lists and removes links, which let in people who have no token",
    load: async () => (await import("./links.ts")).runLinkCommand,
  },
  {
    name: "list",
    about: "lists the uploads of all owners",
    load: async () => (await import("./list.ts")).runListCommand,
  },
  {
    name: "verify",
    about: "compares every record with its file, and every file with its record",
    load: async () => (await import("./verify.ts")).runVerifyCommand,
  },
  {
    name: "gc",
    about: "says what is left over in the data folder, and removes it if you ask for that",
    load: async () => (await import("./gc.ts")).runGcCommand,
  },
  {
    name: "backup",
    about: "makes a copy of the data folder",
    load: async () => (await import("./backup.ts")).runBackupCommand,
  },
  {
    name: "move",
    about: "moves everything to the database and bucket of many instances, or back",
    load: async () => (await import("./move.ts")).runMoveCommand,
  },
  {
    name: "webhook",
    about: "lists, retries and drops the events that no hook has taken yet",
    load: async () => (await import("./webhooks.ts")).runWebhookCommand,
  },
  {
    name: "health",
    about: "asks a running server whether it can take uploads",
    load: async () => (await import("./health.ts")).runHealthCommand,
  },
  {
    name: "doctor",
    about: "says what stands between clients and a server, and which lines to change",
    load: async () => (await import("./doctor.ts")).runDoctorCommand,
  },
];

/**
 * Finds the command by the first word of the command line; gives `undefined` when the word is an option, or there is
 * none: then the server is meant. Throws {@linkcode ConfigError} for any other word.
 */
export function commandOf(word: string | undefined): Command | undefined {
  if (word === undefined || word.startsWith("-")) return undefined;
  const command = COMMANDS.find(({ name }) => name === word);
  if (command !== undefined) return command;
  const near = nearest(word, COMMANDS.map(({ name }) => name));
  const what = near === undefined ? "see --help" : `did you mean ${near}?`;
  throw new ConfigError(`Unknown command ${JSON.stringify(word)}: ${what}`);
}
