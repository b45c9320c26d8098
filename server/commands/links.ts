import { LINK_HELP, type LinkCommand, linkTable, parseLinkCommand } from "../access/link_command.ts";
import { keptPassword } from "../access/link_passwords.ts";
import { linkPath } from "../access/links_api.ts";
import { MAX_LINKS, newLink } from "../access/link_wishes.ts";
import { ConfigError } from "../config/config.ts";
import { openCommandDatabase } from "./command_database.ts";
import type { LinkTarget } from "../model/link.ts";
import { payerOf } from "../model/owner.ts";
import type { Upload } from "../model/upload.ts";
import type { Database } from "../storage/kv/database.ts";
import { createLinks } from "../storage/kv/links.ts";
import type { Terminal } from "./tokens.ts";

/** The owner of a link that the command makes, if nobody says so. */
const ADMIN = "admin";

/**
 * Runs the arguments behind `link` on the command line, on the database of a server that may run. Throws {@linkcode
 * ConfigError}.
 */
export async function runLinkCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print, tell }: Terminal,
): Promise<void> {
  const command = parseLinkCommand(args, env);
  if (command.kind === "help") return print(LINK_HELP);
  const database = await openCommandDatabase(command.data, env);
  try {
    const store = createLinks(database);
    switch (command.kind) {
      case "add": {
        print(await addLink(command, database));
        const behind = !/^https?:/.test(command.above)
          ? " Put the server's address before it, such as https://up.example"
          : "";
        return tell(`This link is shown this once.${behind}`);
      }
      case "list":
        return linkTable(await store.list(), Date.now()).forEach(print);
      case "remove":
        if (await store.remove(command.id) === undefined) {
          throw new ConfigError(`There is no link ${command.id}: see link list`);
        }
        return tell(`Removed the link ${command.id}`);
    }
  } finally {
    database.kv.close();
  }
}

/** Adds a link, and gives its address. */
async function addLink(command: Extract<LinkCommand, { kind: "add" }>, database: Database): Promise<string> {
  const { link: wanted, owner, passwordFile, above } = command;
  const password = passwordFile === undefined ? undefined : await keptPassword(await passwordIn(passwordFile));
  const maker = { owner: owner ?? (wanted.kind === "download" ? await ownerOf(wanted.target, database) : ADMIN) };
  const { secret, link } = newLink(wanted, { ...maker, ...owner === undefined && { seesAll: true } }, {
    now: Date.now(),
    password,
  });
  if (await createLinks(database).add(link, MAX_LINKS)) return above + linkPath(link.kind, secret);
  throw new ConfigError(`${link.owner} has ${MAX_LINKS} links, which is the limit: remove some first`);
}

/** The owner of the file that a link leads to. Throws {@linkcode ConfigError} for one that is not finished. */
async function ownerOf(target: LinkTarget, { kv }: Database): Promise<string> {
  if (!("file" in target)) return ADMIN;
  const { value: upload } = await kv.get<Upload>(["upload", target.file]);
  if (upload?.state === "complete") return payerOf(upload.owner);
  throw new ConfigError(`There is no finished file ${target.file}: its id is the end of its address`);
}

async function passwordIn(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  const password = text.replace(/\r?\n$/, "");
  if (password !== "") return password;
  throw new ConfigError(`The file of --password-file, ${file}, must hold a password`);
}
