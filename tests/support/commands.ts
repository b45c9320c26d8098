import { commandOf } from "../../server/commands/all.ts";
import { checkConfig } from "../../server/commands/check_config.ts";
import { runLinkCommand } from "../../server/commands/links.ts";
import { explainCommand, runCommand } from "../../server/commands/run_command.ts";
import { runTokenCommand, type Terminal } from "../../server/commands/tokens.ts";
import { parseCommandLine } from "../../server/config/command_line.ts";
import { ConfigError } from "../../server/config/config_error.ts";
import { loadSettings } from "../../server/config/load_settings.ts";

/** The output of a command. */
export interface CommandOutput {
  /** The lines that are its result. */
  readonly printed: string;
  /** The lines for the person. */
  readonly told: string;
}

type Run = (
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

/** The outcome of a program: its exit code, and the lines that it printed. */
interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Checks the options of a server, `--check-config` among them, in this process, as `main.ts` does it in one of its own. */
export async function checkHere(args: readonly string[], variables: Record<string, string> = {}): Promise<Outcome> {
  const environment = { env: (name: string): string | undefined => variables[name], names: Object.keys(variables) };
  let stdout = "";
  try {
    const commandLine = parseCommandLine(args);
    if (commandLine.asks !== "check") throw new Error("Only a check is done here");
    const { config } = await loadSettings(commandLine, environment);
    await checkConfig(config, environment.names, (line) => void (stdout += `${line}\n`));
    return { code: 0, stdout, stderr: "" };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { code: 1, stdout, stderr: `${error.message}\n` };
  }
}

/**
 * Runs a command with its arguments in this process, as `main.ts` does it in one of its own, which costs much more: gives
 * its exit code and what it printed.
 */
export async function runHere(
  [name, ...args]: readonly string[],
  variables: Record<string, string> = {},
): Promise<Outcome> {
  const command = commandOf(name)!;
  let [stdout, stderr] = ["", ""];
  const terminal: Terminal = {
    print: (line) => void (stdout += `${line}\n`),
    tell: (line) => void (stderr += `${line}\n`),
  };
  const environment = { env: (name: string): string | undefined => variables[name] };
  try {
    return { code: await runCommand(command, args, environment, terminal), stdout, stderr };
  } catch (error) {
    terminal.tell(explainCommand(command, error));
    return { code: 1, stdout, stderr };
  }
}

async function run(command: Run, args: readonly string[], env: Record<string, string>): Promise<CommandOutput> {
  const printed: string[] = [];
  const told: string[] = [];
  await command(args, (name) => env[name], {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
  });
  return { printed: printed.join("\n"), told: told.join("\n") };
}
