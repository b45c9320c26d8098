import { ConfigError } from "./config_error.ts";
import { nearest } from "./nearest.ts";
import { ALL_OPTIONS, type Option, OPTIONS } from "./options.ts";

/** A configuration file: the text of each option that it has, by the option's flag. */
export interface ConfigFile {
  /** The path, for messages. */
  readonly path: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** The options that the file may have, by their flags. */
const KNOWN: ReadonlyMap<string, Option<unknown>> = new Map(
  ALL_OPTIONS.filter(({ flag }) => flag !== OPTIONS.configFile.flag).map((option) => [option.flag, option]),
);

/** Reads a configuration file. Throws {@linkcode ConfigError} when it is missing or wrong. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "it is not there" : String(error).replaceAll(/\s+/g, " ");
    throw new ConfigError(`Cannot read the file of --config, ${path}: ${why}`);
  }
  return parseConfigFile(text, path);
}

/**
 * Reads the text of a configuration file: a JSON object with options by their flags. A value is a text as on the command
 * line, a number, `true` or `false`, or a list of texts for an option that may be repeated. Throws {@linkcode
 * ConfigError}, which never quotes the file, because a secret may stand anywhere in it.
 */
export function parseConfigFile(text: string, path: string): ConfigFile {
  return { path, texts: textsIn(parseJson(text, path), path) };
}

/**
 * The texts of the options in an object that has them by their flags. `path` says in messages where it stands. Throws
 * {@linkcode ConfigError}, which quotes no value.
 */
export function textsIn(content: unknown, path: string): ReadonlyMap<string, string> {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ConfigError(`${path} must hold a JSON object, such as {"port": 8080}`);
  }
  const texts = new Map<string, string>();
  for (const [flag, value] of Object.entries(content)) {
    const option = KNOWN.get(flag);
    if (option === undefined) throw new ConfigError(unknownKey(flag, path));
    const given = textOf(value, option);
    if (given === undefined) throw new ConfigError(`"${flag}" in ${path} must be ${option.wanted}`);
    texts.set(flag, given);
  }
  return texts;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [place] = /\(?line \d+ column \d+\)?/.exec(String(error)) ?? [];
    throw new ConfigError(`${path} is not JSON${place === undefined ? "" : ` ${place}`}`);
  }
}

function unknownKey(flag: string, path: string): string {
  const near = nearest(flag.replace(/^--/, ""), KNOWN.keys());
  const hint = near === undefined ? "see --help for all options; here they have no dashes" : `did you mean "${near}"?`;
  return `Unknown option ${JSON.stringify(flag.slice(0, 40))} in ${path}: ${hint}`;
}

/** The text of a value, as it would be on the command line; `undefined` for a value that the option cannot have. */
function textOf(value: unknown, { isList }: Option<unknown>): string | undefined {
  if (Array.isArray(value)) {
    if (!isList || !value.every((item) => typeof item === "string")) return undefined;
    return value.length === 0 ? "none" : value.join(",");
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
