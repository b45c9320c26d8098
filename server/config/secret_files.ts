import { resolve } from "@std/path";
import { ConfigError } from "./config_error.ts";
import type { Environment } from "./environment.ts";
import { ALL_OPTIONS, secretFileOf, variableOf } from "./options.ts";
import { missingForFile } from "./permissions.ts";

/**
 * Gives the environment with the secrets that stand in files: the variable of a secret with `_FILE` behind it names one,
 * as Docker and systemd hand secrets over. Space at the ends of the file does not count. Throws {@linkcode
 * ConfigError}.
 */
export async function withSecretFiles(env: Environment["env"]): Promise<Environment["env"]> {
  const secrets = new Map<string, string>();
  for (const option of ALL_OPTIONS) {
    const fileVariable = secretFileOf(option);
    const path = fileVariable === undefined ? undefined : env(fileVariable);
    if (fileVariable === undefined || path === undefined) continue;
    const variable = variableOf(option.flag);
    if (env(variable) !== undefined) {
      throw new ConfigError(`${variable} and ${fileVariable} both give the secret: give one of them`);
    }
    secrets.set(variable, await readSecret(fileVariable, resolve(path)));
  }
  return (name) => secrets.get(name) ?? env(name);
}

async function readSecret(variable: string, path: string): Promise<string> {
  const [flag] = await missingForFile(path);
  if (flag !== undefined) throw new ConfigError(`Pawl cannot start without ${flag}: give that to deno run`);
  const text = await Deno.readTextFile(path).catch(() => undefined);
  if (text === undefined) throw new ConfigError(`Cannot read the file of ${variable}, ${path}`);
  return text.trim();
}
