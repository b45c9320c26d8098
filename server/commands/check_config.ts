import { readFixedToken } from "../access/access.ts";
import { type Config, otherVariables } from "../config/config.ts";
import { readKeyPair } from "../tls/certificate.ts";

/**
 * Reads what else the options lead to, and says that they are right; of `names`, the variables that are set, it tells
 * which are no options. Throws {@linkcode ConfigError}.
 */
export async function checkConfig(
  config: Config,
  names: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  await readFixedToken(config);
  if (config.certFile !== "") await readKeyPair({ certPath: config.certFile, keyPath: config.keyFile });
  print("The options are right");
  for (const name of otherVariables(names)) print(`${name} is not an option of Pawl, and is ignored`);
}
