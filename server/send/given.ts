import { ConfigError } from "../config/config.ts";
import { foreignVariable } from "../config/environment.ts";
import type { SendCommand } from "./command_line.ts";

type Env = (name: string) => string | undefined;

const TOKEN = "PAWL_TOKEN";

/** Reads the token. Throws {@linkcode ConfigError}. */
export async function tokenOf({ tokenFile }: Pick<SendCommand, "tokenFile">, env: Env): Promise<string | undefined> {
  const text = tokenFile === undefined ? env(TOKEN) : await readText("--token-file", tokenFile);
  const token = text?.trim() ?? "";
  if (tokenFile !== undefined && token === "") throw new ConfigError("The file of --token-file is empty");
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new ConfigError("The token must be one word of ASCII letters, digits and signs");
  }
  return token === "" ? undefined : token;
}

/** Makes the client that trusts the certificates of a file. Throws {@linkcode ConfigError}. */
export async function clientOf(caFile: string): Promise<Deno.HttpClient> {
  return trusting(await certificatesIn(caFile));
}

/** Reads certificates in PEM form. Throws {@linkcode ConfigError}. */
export async function certificatesIn(caFile: string): Promise<string> {
  const pem = await readText("--ca", caFile);
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ConfigError("The file of --ca has no certificate in PEM form");
  }
  trusting(pem).close();
  return pem;
}

function trusting(pem: string): Deno.HttpClient {
  try {
    return Deno.createHttpClient({ caCerts: [pem] });
  } catch {
    throw new ConfigError("The file of --ca has no certificate that can be read");
  }
}

async function readText(flag: string, path: string): Promise<string> {
  const text = await Deno.readTextFile(path).catch(() => undefined);
  if (text === undefined) throw new ConfigError(`Cannot read the file of ${flag}, ${path}`);
  return text;
}

/**
 * Reads the variables that this process may read without a question at the terminal. The token is that of the environment
 * alone: the one in the file of `PAWL_CONFIG` is the own server's secret, and others must not get it.
 */
export function readable(env: Env): Env {
  return (variable) => {
    if (variable === TOKEN) return foreignVariable(variable);
    return Deno.permissions.querySync({ name: "env", variable }).state === "granted" ? env(variable) : undefined;
  };
}
