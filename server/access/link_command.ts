import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import type { Option } from "../config/option.ts";
import { missesBase, outwardOf } from "../config/outward.ts";
import { UploadError } from "../errors.ts";
import { count, positiveTime } from "../config/option_values.ts";
import type { ListedLink } from "../storage/link_store.ts";
import { parseSize } from "../config/units.ts";
import { PROGRAM } from "../config/program.ts";
import { parseWantedLink, type WantedLink } from "./link_wishes.ts";
import { tableOf, timeText } from "./table.ts";

/** The request that `link …` on the command line makes. */
export type LinkCommand =
  | {
    readonly kind: "add";
    readonly data: string;
    /** The URL, or the path alone, before the paths of the server as clients see them; empty when nobody told. */
    readonly above: string;
    readonly link: WantedLink;
    /** The owner of the link, if one was named. */
    readonly owner?: string;
    readonly passwordFile?: string;
  }
  | { readonly kind: "list"; readonly data: string }
  | { readonly kind: "remove"; readonly data: string; readonly id: string }
  | { readonly kind: "help" };

/** The text of `link --help`. */
export const LINK_HELP = [
  "Links let people in who have no token. The commands work while the server runs.",
  "",
  `Usage: ${PROGRAM} link add [options]        makes a link, and prints it once`,
  `       ${PROGRAM} link list                 lists all links, and what came or went by them`,
  `       ${PROGRAM} link remove ID            removes a link: who uses it is out within a second`,
  "",
  "A link by which others send you files, and see nothing else:",
  "  --folder FOLDER     where its files lie, such as inbox/2026; by default beside all others",
  "  --max-size SIZE     largest file, such as 20GiB",
  "  --max-files NUMBER  how many files in all",
  "  --quota SIZE        how many bytes in all",
  "",
  "A link by which others get a file of yours, or a folder as ZIP:",
  "  --file ID           the id at the end of the file's address",
  "  --zip FOLDER        the folder's path",
  "  --downloads NUMBER  how many visitors may download; one that resumes counts once a day",
  "  --password-file F   a file with the password that visitors must give",
  "",
  "Both:",
  '  --note TEXT         what the link is for, such as "Photos of the party"',
  "  --expires TIME      how long the link is good for, such as 12h (default 7d)",
  "  --owner NAME        whose link it is, a token's owner or user:NAME; by default admin, or the file's owner",
  "  --public-url URL    how clients reach the server, to print a whole address (PAWL_PUBLIC_URL)",
  "  --base-path PATH    the path that the server lies below, such as /files-in (PAWL_BASE_PATH)",
  "  --data FOLDER       the server's data folder (PAWL_DATA; default as the server's)",
].join("\n");

const TEXTS = ["folder", "max-size", "max-files", "quota", "file", "zip", "downloads", "password-file", "note"];

/** Reads the arguments behind `link`. Throws {@linkcode ConfigError}. */
export function parseLinkCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): LinkCommand {
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs(args, {
    string: [...TEXTS, "expires", "owner", "public-url", "base-path", "data", "_"],
    boolean: ["help"],
    unknown(argument) {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown argument "${argument}": see link --help`);
    },
  });
  const textOf = (flag: string) => typeof given[flag] === "string" ? given[flag] : undefined;
  function valueOf<T>(flag: string, parse: (text: string) => T | undefined, wanted: string): T | undefined {
    const text = textOf(flag);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined) {
      throw new ConfigError(`--${flag} cannot be "${text}": give ${wanted}`);
    }
    return value;
  }
  const [verb, id, ...rest] = given._.map(String);
  if (given["help"] === true || verb === undefined) return { kind: "help" };
  const data = resolve(textOf("data") ?? env(variableOf(OPTIONS.data.flag)) ?? OPTIONS.data.fallback);
  if (verb === "list" && id === undefined) return { kind: "list", data };
  if (verb === "remove" && id !== undefined && rest.length === 0) return { kind: "remove", data, id };
  if (verb !== "add" || id !== undefined) {
    throw new ConfigError("Say link add, link list, or link remove ID: see link --help");
  }
  const number = count({ none: NaN });
  const expiresInMs = valueOf("expires", positiveTime, "a time such as 7d");
  const isDownload = ["file", "zip"].some((flag) => textOf(flag) !== undefined);
  const wish = {
    kind: isDownload ? "download" : "upload",
    folder: isDownload ? textOf("zip") : textOf("folder"),
    file: textOf("file"),
    maxSize: valueOf("max-size", parseSize, "a size such as 20GiB"),
    maxFiles: valueOf("max-files", number, "a number from 1 on"),
    quota: valueOf("quota", parseSize, "a size such as 1TB"),
    maxDownloads: valueOf("downloads", number, "a number from 1 on"),
    note: textOf("note"),
    expiresIn: expiresInMs === undefined ? undefined : Math.max(1, Math.round(expiresInMs / 1000)),
  };
  const owner = textOf("owner");
  const passwordFile = textOf("password-file");
  if (isDownload ? textOf("folder") !== undefined : passwordFile !== undefined) {
    throw new ConfigError("A link either takes files (--folder) or gives them (--file, --zip): see link --help");
  }
  if (owner !== undefined && !/^(?:user:)?[a-z\d][\w.@ -]{0,127}$/i.test(owner)) {
    throw new ConfigError(`--owner cannot be "${owner}": give the owner of a token, or user:NAME for a proxy's user`);
  }
  const seenAt = <T>({ flag, parse, wanted }: Option<T>): T | undefined =>
    valueOf(flag, parse, wanted) ?? parse(env(variableOf(flag)) ?? "none");
  const places = { publicUrl: seenAt(OPTIONS.publicUrl) ?? "", basePath: seenAt(OPTIONS.basePath) ?? "" };
  if (missesBase(places)) throw new ConfigError("--public-url does not lead to --base-path: end it with that path");
  return {
    kind: "add",
    data,
    above: outwardOf(places).url,
    link: wishedFor(wish),
    ...owner !== undefined && { owner },
    ...passwordFile !== undefined && { passwordFile },
  };
}

function wishedFor(wish: Record<string, unknown>): WantedLink {
  try {
    return parseWantedLink(wish);
  } catch (error) {
    throw error instanceof UploadError ? new ConfigError(`${error.message}: see link --help`) : error;
  }
}

/** The lines of `link list`. */
export function linkTable(listed: readonly ListedLink[], now: number): string[] {
  if (listed.length === 0) return ["There is no link"];
  const rows = listed.map(({ link, count, bytes }) => {
    const { id, kind, owner, note = "-", expiresAt } = link;
    const of = (max: number | undefined) => max === undefined ? "" : ` of ${max}`;
    const [what, amount] = link.kind === "upload"
      ? [link.folders.join("/") || "-", `${count}${of(link.limits.maxFiles)} files, ${bytes} bytes`]
      : ["file" in link.target ? link.target.file : link.target.folder, `${count}${of(link.maxDownloads)} downloads`];
    // A note is any text, and must not forge a line of the table.
    return [id, kind, owner, what, amount, timeText(expiresAt, now), note.replaceAll(/\p{C}+/gu, " ").slice(0, 40)];
  });
  return tableOf(["ID", "KIND", "OWNER", "FOLDER OR FILE", "USED", "EXPIRES", "NOTE"], rows);
}
