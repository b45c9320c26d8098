import type { CommandLine } from "./command_line.ts";
import { configFileOf, readSettings, type Settings } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { type ConfigFile, readConfigFile } from "./config_file.ts";
import type { Environment } from "./environment.ts";
import { ALL_OPTIONS, OPTIONS, variableOf } from "./options.ts";
import { missingForFile } from "./permissions.ts";
import { withSecretFiles } from "./secret_files.ts";

/** Reads all options, wherever they were given. Throws {@linkcode ConfigError}. */
export async function loadSettings(
  commandLine: CommandLine,
  { env, names, chosenData }: Environment,
): Promise<Settings> {
  const file = await loadFile(commandLine, env);
  return readSettings(commandLine, { env: await withSecretFiles(env), names, file, chosenData });
}

/**
 * Gives the environment with the options of the file of `PAWL_CONFIG` behind it, and behind these the data folder that
 * the program chose. It is for the commands, which have options of their own. Throws {@linkcode ConfigError}.
 */
export async function withConfigFile({ env, chosenData }: Omit<Environment, "names">): Promise<Environment["env"]> {
  const file = await loadFile({ texts: new Map() }, env);
  const flags = new Map(ALL_OPTIONS.map(({ flag }) => [variableOf(flag), flag]));
  const defaults = new Map(chosenData === undefined ? [] : [[variableOf(OPTIONS.data.flag), chosenData.folder]]);
  return (name) => env(name) ?? file?.texts.get(flags.get(name) ?? "") ?? defaults.get(name);
}

async function loadFile(
  commandLine: Pick<CommandLine, "texts">,
  env: Environment["env"],
): Promise<ConfigFile | undefined> {
  const path = configFileOf(commandLine, env);
  if (path === "") return undefined;
  // Without this, Deno would ask the person at the terminal.
  const [flag] = await missingForFile(path);
  if (flag !== undefined) throw new ConfigError(`Pawl cannot start without ${flag}: give that to deno run`);
  return await readConfigFile(path);
}
