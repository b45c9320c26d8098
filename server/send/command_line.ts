import { parseArgs } from "@std/cli/parse-args";
import { ConfigError } from "../config/config.ts";
import { defined } from "../defined.ts";
import { nearest } from "../config/nearest.ts";

/** The arguments of `send`, as they were read. */
export interface SendCommand {
  /** Files and folders; `-` alone for standard input. */
  readonly sources: readonly string[];
  /** The address of the server, or of an upload link. */
  readonly url: string;
  /** The name on the server, for one file. */
  readonly name?: string;
  /** The folder on the server. */
  readonly into?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  /** How many large files are under way at a time. */
  readonly jobs: number;
  /** How many failures in a row, with nothing gained, end a file. */
  readonly tries: number;
  readonly isJson: boolean;
}

/** The text of `send --help`. */
export const SEND_HELP = [
  "Sends files and folders to a Pawl server. When it is stopped, killed or cut off, the same command goes on from the",
  "byte that is safe on the server.",
  "",
  "Usage: deno run -A main.ts send [options] FILE… URL",
  "       … | deno run -A main.ts send --name NAME [options] - URL",
  "",
  "  URL                the server, such as https://up.example, or an upload link, https://up.example/u/pawl_…",
  "  --name NAME        another name for one file; needed for standard input",
  "  --into FOLDER      the folder on the server",
  "  --token-file FILE  a file with your token. Or give the token by the environment, in PAWL_TOKEN",
  "  --ca FILE          the certificates (PEM) to trust besides the usual ones, for a server with its own",
  "  --jobs N           how many large files go at a time, and twice as many small ones; default 3",
  "  --tries N          gives a file up after N failures in a row that gained nothing; default: tries on",
  "  --json             one JSON object a line on standard output, for programs (docs/send.md)",
  "",
  "Exit codes: 0 everything is on the server, 1 something is not, 2 a wrong command line, 130 after Ctrl-C, 143 after",
  "SIGTERM.",
].join("\n");

const TEXTS = ["name", "into", "token-file", "ca", "jobs", "tries"] as const;
const MOST_JOBS = 64;

/** Reads the arguments behind `send`. Throws {@linkcode ConfigError}. */
export function parseSendCommand(args: readonly string[]): SendCommand | "help" {
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs([...args], {
    string: [...TEXTS, "_"],
    boolean: ["help", "json"],
    unknown(argument) {
      if (!argument.startsWith("-") || argument === "-") return;
      const flag = argument.replace(/^--?/, "").replace(/=.*$/s, "");
      if (flag === "token") throw new ConfigError("Others can see a token on the command line: use --token-file FILE");
      const meant = nearest(flag, [...TEXTS, "json", "help"]);
      throw new ConfigError(
        `There is no ${argument}${meant === undefined ? "" : `, maybe --${meant}`}: see send --help`,
      );
    },
  });
  if (given["help"] === true) return "help";
  const text = (flag: typeof TEXTS[number]): string | undefined => {
    const value = given[flag];
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value === "") throw new ConfigError(`--${flag} needs a value: see send --help`);
    return value;
  };
  const operands = given._.map(String);
  const url = operands.at(-1) ?? "";
  const sources = operands.slice(0, -1);
  if (!/^https?:\/\//i.test(url)) {
    throw new ConfigError("Say where to: the last argument is the server's address, such as https://up.example");
  }
  if (sources.length === 0 || sources.includes("")) throw new ConfigError("Say what to send: FILE… URL, or - URL");
  const name = text("name");
  if (sources.includes("-") && (sources.length > 1 || name === undefined)) {
    throw new ConfigError("Standard input goes alone, and needs a name: … | send --name NAME - URL");
  }
  if (name !== undefined && (sources.length > 1 || /[/\\]/.test(name))) {
    throw new ConfigError("--name is the name of one file, without a folder: use --into FOLDER for that");
  }
  return {
    sources,
    url,
    ...defined({ name, into: folderOf(text("into")), tokenFile: text("token-file"), caFile: text("ca") }),
    jobs: count("jobs", text("jobs"), MOST_JOBS) ?? 3,
    tries: count("tries", text("tries"), 1e9) ?? Infinity,
    isJson: given["json"] === true,
  };
}

function folderOf(text: string | undefined): string | undefined {
  const folder = text?.split(/[/\\]+/).filter((name) => name !== "" && name !== ".").join("/");
  return folder === "" ? undefined : folder;
}

function count(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new ConfigError(`--${flag} must be a whole number from 1 to ${most}`);
  return value;
}
