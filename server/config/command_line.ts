import { parseArgs } from "@std/cli/parse-args";
import { ConfigError } from "./config_error.ts";
import { nearest } from "./nearest.ts";
import { ALL_OPTIONS, type Option, variableOf } from "./options.ts";
import { refuseOddSwitches } from "./switches.ts";

/** The command line of the server, read but not yet understood. */
export interface CommandLine {
  /** The request for something else than a server, such as help; `undefined` for a server. */
  readonly asks: "help" | "version" | "check" | undefined;
  /** The text of each option that was given, by its flag. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The flags that are no options, because they ask for something else than a server. */
const ASKING = ["help", "version", "check-config"] as const;

/** Reads the arguments of the server. Repeated flags are joined by commas. Throws {@linkcode ConfigError}. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const flagsOf = (kind: (option: Option<unknown>) => boolean | undefined) =>
    ALL_OPTIONS.filter((option) => !option.isSecret && kind(option)).map(({ flag }) => flag);
  const switches = [...ASKING, ...flagsOf(({ isSwitch }) => isSwitch)];
  refuseOddSwitches(args, switches);
  // The parser of arguments reads nothing behind this one.
  if (args.includes("--")) throw new ConfigError('Options cannot stand behind "--": leave that out');
  const given: Record<string, unknown> = parseArgs(args, {
    string: flagsOf(({ isSwitch }) => !isSwitch),
    collect: flagsOf(({ isList }) => isList),
    boolean: switches,
    unknown(argument) {
      throw new ConfigError(unknownArgument(argument));
    },
  });
  const asked = ASKING.find((flag) => given[flag] === true);
  // The parser gives `false` for a switch that is not there, too.
  const isThere = (flag: string) => args.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
  const texts = ALL_OPTIONS.map(({ flag }) => [flag, isThere(flag) ? textOf(given[flag]) : undefined] as const);
  return {
    asks: asked === "check-config" ? "check" : asked,
    texts: new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

function unknownArgument(argument: string): string {
  // A value is never repeated: it may be a secret.
  const [name = ""] = argument.split("=", 1);
  const [, flag] = /^--(.+)$/.exec(name) ?? [];
  if (flag === undefined) return `Unknown argument ${JSON.stringify(name)}: see --help`;
  if (ALL_OPTIONS.some((option) => option.isSecret && option.flag === flag)) {
    return `--${flag} is a secret, which others could see on the command line: give it as ${variableOf(flag)}, ` +
      `or in a file by ${variableOf(flag)}_FILE`;
  }
  const near = nearest(flag, [...ASKING, ...flagsInUse()]);
  return `Unknown argument ${JSON.stringify(name)}: ${
    near === undefined ? "" : `did you mean --${near}? Or `
  }see --help`;
}

function flagsInUse(): string[] {
  return ALL_OPTIONS.filter(({ isSecret }) => !isSecret).map(({ flag }) => flag);
}

/** The text of a flag; `undefined` when the flag was not given. */
function textOf(given: unknown): string | undefined {
  if (typeof given === "boolean") return String(given);
  if (Array.isArray(given)) return given.length === 0 ? undefined : given.join(",");
  return typeof given === "string" ? given : undefined;
}
