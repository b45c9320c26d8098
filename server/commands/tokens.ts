import { ensureDir } from "@std/fs/ensure-dir";
import { addToken, parseTokenCommand, TOKEN_HELP, tokenTable } from "../access/token_command.ts";
import { ConfigError } from "../config/config.ts";
import { openCommandDatabase, openSharedDatabase } from "./command_database.ts";
import { databaseIn } from "./data_folder.ts";
import { type Database, openDatabase } from "../storage/kv/database.ts";
import { createLinks } from "../storage/kv/links.ts";
import { createTokens } from "../storage/kv/tokens.ts";
import type { LinkStore } from "../storage/link_store.ts";
import type { TokenStore } from "../storage/token_store.ts";

/** The output of the command. */
export interface Terminal {
  /** Prints a line that is the result. */
  print(line: string): void;
  /** Prints a line for the person, which no script reads. */
  tell(line: string): void;
}

/**
 * Runs the arguments behind `token` on the command line, on the database of a server that may run. Throws {@linkcode
 * ConfigError}.
 */
export async function runTokenCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print, tell }: Terminal,
): Promise<void> {
  const command = parseTokenCommand(args, env);
  if (command.kind === "help") return print(TOKEN_HELP);
  const { kv, commit } = command.kind === "add"
    ? await openSharedDatabase(env) ?? await openOrMake(command.data)
    : await openCommandDatabase(command.data, env);
  try {
    const store = createTokens({ kv, commit });
    switch (command.kind) {
      case "add":
        print(await addToken(store, command.token, Date.now()));
        return tell(`This token is shown this once. It may ${command.token.rights.join(" and ")}`);
      case "list":
        return tokenTable(await store.list(), Date.now()).forEach(print);
      case "remove":
        return await remove({ store, links: createLinks({ kv, commit }) }, command.name, tell);
    }
  } finally {
    kv.close();
  }
}

async function openOrMake(data: string): Promise<Database> {
  await ensureDir(data);
  return await openDatabase(databaseIn(data));
}

async function remove(
  { store, links }: { store: TokenStore; links: LinkStore },
  name: string,
  tell: Terminal["tell"],
): Promise<void> {
  const owner = (await store.list()).find((token) => token.name === name)?.owner;
  if (!await store.remove(name)) throw new ConfigError(`There is no token ${name}: see token list`);
  const isLast = (await store.list()).length === 0;
  tell(`Removed the token ${name}.${isLast ? " It was the last: nobody can sign in until you add one" : ""}`);
  const left = owner === undefined ? 0 : (await links.list(owner)).length;
  if (left > 0) tell(`Links of ${owner} let people in as before, which are ${left}: see link list`);
}
