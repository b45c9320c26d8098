import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { defined } from "../defined.ts";
import { ANONYMOUS } from "../model/owner.ts";
import { type Right, RIGHTS, USUAL_RIGHTS } from "../model/rights.ts";
import { positiveTime } from "../config/option_values.ts";
import { refuseOddSwitches } from "../config/switches.ts";
import type { ListedToken, TokenStore } from "../storage/token_store.ts";
import { parseSize } from "../config/units.ts";
import { PROGRAM } from "../config/program.ts";
import { hashOf, newSecret } from "./secret.ts";
import { minuteOf, tableOf, timeText } from "./table.ts";

/** The facts of a token that a person asks for. */
export interface WantedToken {
  readonly name: string;
  readonly owner: string;
  readonly rights: readonly Right[];
  readonly maxBytes?: number;
  readonly quotaBytes?: number;
  readonly expiresInMs?: number;
}

/** The request that `token …` on the command line makes. */
export type TokenCommand =
  | { readonly kind: "add"; readonly data: string; readonly token: WantedToken }
  | { readonly kind: "list"; readonly data: string }
  | { readonly kind: "remove"; readonly data: string; readonly name: string }
  | { readonly kind: "help" };

/** The text of `token --help`. */
export const TOKEN_HELP = [
  "Tokens let people and programs in. The commands work while the server runs.",
  "",
  `Usage: ${PROGRAM} token add NAME [options]   makes a token, and prints it once`,
  `       ${PROGRAM} token list                 lists all tokens: what they may, and when they were last used`,
  `       ${PROGRAM} token remove NAME          removes a token: who uses it is out within a second`,
  "",
  "  --read              may get finished files",
  "  --upload            may upload, and delete its own uploads",
  "  --admin             may do both, with the uploads of everybody",
  "                      (without any of the three: --read --upload)",
  "  --owner NAME        whose uploads these are; by default the token's own name. Tokens of one owner share them",
  "  --max-size SIZE     largest file, such as 20GiB",
  "  --quota SIZE        how many bytes its owner may keep in all, such as 1TB",
  "  --expires TIME      how long the token is good for, such as 30d",
  "  --data FOLDER       the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

const NAME = /^[a-z\d][\w.-]{0,63}$/i;

/** Reads the arguments behind `token`. Throws {@linkcode ConfigError}. */
export function parseTokenCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): TokenCommand {
  refuseOddSwitches(args, RIGHTS);
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs(args, {
    string: ["data", "owner", "max-size", "quota", "expires", "_"],
    boolean: ["help", ...RIGHTS],
    unknown(argument) {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown argument "${argument}": see token --help`);
    },
  });
  const textOf = (flag: string) => typeof given[flag] === "string" ? given[flag] : undefined;
  const [verb, name, ...rest] = given._.map(String);
  if (given["help"] === true || verb === undefined) return { kind: "help" };
  const folder = resolve(textOf("data") ?? env(variableOf(OPTIONS.data.flag)) ?? OPTIONS.data.fallback);
  if (verb === "list" && name === undefined) return { kind: "list", data: folder };
  if ((verb !== "add" && verb !== "remove") || name === undefined || rest.length > 0) {
    throw new ConfigError("Say token add NAME, token list, or token remove NAME: see token --help");
  }
  if (verb === "remove") return { kind: "remove", data: folder, name };
  if (!NAME.test(name) || name === ANONYMOUS) {
    throw new ConfigError(`The name of a token cannot be "${name}": give letters, digits, and . _ - between them`);
  }
  const owner = textOf("owner");
  if (owner !== undefined && !NAME.test(owner.replace(/^user:/, ""))) {
    throw new ConfigError(`--owner cannot be "${owner}": give the name of a token, or user:NAME for a proxy's user`);
  }
  const maxBytes = valueOf("max-size", textOf("max-size"), parseSize, "a size such as 20GiB");
  const quotaBytes = valueOf("quota", textOf("quota"), parseSize, "a size such as 1TB");
  const expiresInMs = valueOf("expires", textOf("expires"), positiveTime, "a time such as 30d");
  const rights = RIGHTS.filter((right) => given[right]);
  return {
    kind: "add",
    data: folder,
    token: {
      name,
      owner: owner ?? name,
      rights: rights.length === 0 ? USUAL_RIGHTS : rights,
      ...defined({ maxBytes, quotaBytes, expiresInMs }),
    },
  };
}

function valueOf(
  flag: string,
  text: string | undefined,
  parse: (text: string) => number | undefined,
  wanted: string,
): number | undefined {
  const value = text === undefined ? undefined : parse(text);
  if (text !== undefined && value === undefined) throw new ConfigError(`--${flag} cannot be "${text}": give ${wanted}`);
  return value;
}

/** Adds a token, and gives its secret, which is kept nowhere. Throws {@linkcode ConfigError} when its name is taken. */
export async function addToken(store: TokenStore, wanted: WantedToken, now: number): Promise<string> {
  const { expiresInMs, ...facts } = wanted;
  const secret = newSecret();
  const expiresAt = expiresInMs === undefined ? undefined : now + expiresInMs;
  const token = { ...facts, hash: hashOf(secret), createdAt: now, ...defined({ expiresAt }) };
  if (await store.add(token)) return secret;
  throw new ConfigError(`There is a token ${wanted.name} already: remove it first, or choose another name`);
}

/** The lines of `token list`. */
export function tokenTable(tokens: readonly ListedToken[], now: number): string[] {
  if (tokens.length === 0) return ["There is no token"];
  const rows = tokens.map(({ name, owner, rights, maxBytes, quotaBytes, expiresAt, usedAt }) => [
    name,
    rights.join(","),
    owner,
    maxBytes === undefined ? "-" : `${maxBytes}`,
    quotaBytes === undefined ? "-" : `${quotaBytes}`,
    timeText(expiresAt, now),
    usedAt === undefined ? "never" : minuteOf(usedAt),
  ]);
  return tableOf(["NAME", "RIGHTS", "OWNER", "MAX BYTES", "QUOTA", "EXPIRES", "LAST USED"], rows);
}
