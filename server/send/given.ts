import { ConfigError } from "../config/config.ts";
import type { SendCommand } from "./command_line.ts";

type Env = (name: string) => string | undefined;

/** Reads the token. Throws {@linkcode ConfigError}. */
export async function tokenOf({ tokenFile }: Pick<SendCommand, "tokenFile">, env: Env): Promise<string | undefined> {
  const text = tokenFile === undefined ? env("PAWL_TOKEN") : await readText("--token-file", tokenFile);
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

/** Reads the variables that this process may read without a question at the terminal. */
export function readable(env: Env): Env {
  return (variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted" ? env(variable) : undefined;
}
