import { runLinkCommand } from "../../server/commands/links.ts";
import { runTokenCommand, type Terminal } from "../../server/commands/tokens.ts";

/** The output of a command. */
export interface CommandOutput {
  /** The lines that are its result. */
  readonly printed: string;
  /** The lines for the person. */
  readonly told: string;
}

type Command = (
  args: readonly string[],
  env: (name: string) => string | undefined,
  terminal: Terminal,
) => Promise<void>;

/** Runs the arguments behind `token` in this process, which costs much less than one of its own. Throws `ConfigError`. */
export function runToken(args: readonly string[], env: Record<string, string> = {}): Promise<CommandOutput> {
  return run(runTokenCommand, args, env);
}

/** Runs the arguments behind `link` in this process, which costs much less than one of its own. Throws `ConfigError`. */
export function runLink(args: readonly string[], env: Record<string, string> = {}): Promise<CommandOutput> {
  return run(runLinkCommand, args, env);
}

async function run(command: Command, args: readonly string[], env: Record<string, string>): Promise<CommandOutput> {
  const printed: string[] = [];
  const told: string[] = [];
  await command(args, (name) => env[name], {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
  });
  return { printed: printed.join("\n"), told: told.join("\n") };
}
