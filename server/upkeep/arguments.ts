import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { refuseOddSwitches } from "../config/switches.ts";

/** The arguments of a command about the data. */
export interface Syntax {
  /** The command's name. */
  readonly name: string;
  /** The options without a value, each without `--`. */
  readonly switches: readonly string[];
  /** The options with a value, each without `--`, besides `--data`. */
  readonly values?: readonly string[];
  /** The argument behind the name that belongs to no option, in words for `--help`, such as `DIR`. */
  readonly operands: readonly string[];
}

/** The arguments of a command about the data. */
export interface Given {
  /** The data folder. */
  readonly data: string;
  /** The switches that were given. */
  readonly switches: ReadonlySet<string>;
  /** The values of options that have one. */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/** Reads the arguments behind the name of a command. Throws {@linkcode ConfigError}. */
export function readArguments(
  { name, switches, values = [], operands }: Syntax,
  args: readonly string[],
  env: (name: string) => string | undefined,
): Given | "help" {
  refuseOddSwitches(args, switches);
  const given: Record<string, unknown> & { readonly _: readonly unknown[] } = parseArgs(args, {
    string: ["data", ...values, "_"],
    boolean: ["help", ...switches],
    unknown(argument) {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown argument "${argument}": see ${name} --help`);
    },
  });
  if (given["help"] === true) return "help";
  const behind = given._.map(String);
  if (behind.length !== operands.length || behind.includes("")) {
    throw new ConfigError(`Say ${[name, ...operands].join(" ")}: see ${name} --help`);
  }
  const data = typeof given["data"] === "string" ? given["data"] : undefined;
  return {
    data: resolve(data ?? env(variableOf(OPTIONS.data.flag)) ?? OPTIONS.data.fallback),
    values: new Map(values.flatMap((flag) => typeof given[flag] === "string" ? [[flag, given[flag]]] : [])),
    switches: new Set(switches.filter((flag) => given[flag] === true)),
    operands: behind,
  };
}
