import { ConfigError } from "../config/config_error.ts";
import type { Environment } from "../config/environment.ts";
import { withConfigFile } from "../config/load_settings.ts";
import type { Command } from "./all.ts";
import type { Terminal } from "./tokens.ts";

/**
 * Runs the arguments behind a command's name, where options come from the environment and its configuration file. Gives
 * the exit code. Throws what ends it early, which {@linkcode explainCommand} says in one line.
 */
export async function runCommand(
  command: Command,
  args: readonly string[],
  environment: Omit<Environment, "names">,
  terminal: Terminal,
): Promise<number> {
  const run = await command.load();
  return await run(args, await withConfigFile(environment), terminal) ?? 0;
}

/** Says in one line why a command ended early. */
export function explainCommand({ name }: Command, error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const message = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
  return `Pawl cannot go on with ${name}: ${message}`;
}
