import { resolve } from "@std/path";
import { ACCESS_OPTIONS } from "./access_options.ts";
import { HOOK_OPTIONS } from "./hook_options.ts";
import { LISTENING_OPTIONS } from "./listening_options.ts";
import { LOG_LEVELS } from "../log.ts";
import { LOG_FORMATS } from "../log_lines.ts";
import { type Option, variableOf } from "./option.ts";
import {
  listOf,
  oneOf,
  parseBasePath,
  parseHostName,
  parseOrigin,
  parsePublicUrl,
  trueOrFalse,
} from "./option_values.ts";
import { STORAGE_OPTIONS } from "./storage_options.ts";
import { UPLOAD_OPTIONS } from "./upload_options.ts";

export { type Option, variableOf };

/**
 * Every option of the server. The type of the configuration, the command line, the environment and `--help` are made
 * from this list, and a test compares the table of docs/options.md with it. Sizes are in bytes, times in milliseconds.
 */
export const OPTIONS = {
  ...LISTENING_OPTIONS,
  ...STORAGE_OPTIONS,
  /** The configuration file, absolute; empty for none. */
  configFile: {
    flag: "config",
    value: "FILE",
    fallback: "none",
    help: 'JSON file with options, such as `{"max-size": "20GiB"}`; `SIGHUP` makes the server read it again',
    parse: (text) => text === "none" ? "" : text === "" ? undefined : resolve(text),
    wanted: "a file, or none",
  } satisfies Option<string>,
  /** The text before the path in the addresses of uploads: the URL by which clients reach the server, or nothing. */
  publicUrl: {
    flag: "public-url",
    value: "URL",
    // A path alone works behind every proxy that does not change paths.
    fallback: "none",
    help: "URL by which clients reach the server, such as `https://up.example`, for clients that need it",
    parse: parsePublicUrl,
    wanted: "an address such as https://a.example or https://a.example/uploads, or none",
  } satisfies Option<string>,
  /** The path that everything of the server lies below, such as `/files-in`; empty for the top of its host. */
  basePath: {
    flag: "base-path",
    value: "PATH",
    fallback: "none",
    help: "path that everything lies below, such as `/files-in`, behind a proxy that does not take it away",
    parse: parseBasePath,
    wanted: "a path such as /files-in of letters, digits, -, _ and ~, with no slash at its end, or none",
  } satisfies Option<string>,
  /** The names that the server answers to besides IP addresses and `localhost`; `"*"` stands for all. */
  allowedHosts: {
    flag: "allow-host",
    value: "NAMES",
    // Any site can let its own name lead to this machine, and its pages would use the server by that name.
    fallback: "none",
    help: "names that the server answers to besides `localhost`: `up.example,nas.local`, or `*` for all",
    parse: listOf(parseHostName),
    wanted: "names such as up.example, without a port, separated by commas, or *, or none",
    isList: true,
    isLive: true,
  } satisfies Option<readonly string[]>,
  /** The origins whose pages may use the server besides its own; `"*"` stands for all. */
  allowedOrigins: {
    flag: "allow-origin",
    value: "ORIGINS",
    fallback: "none",
    help: "other web pages that may upload: `https://a.example,https://b.example`, or `*` for all",
    parse: listOf(parseOrigin),
    wanted: "origins such as https://a.example separated by commas, or *, or none",
    isList: true,
    isLive: true,
  } satisfies Option<readonly string[]>,
  ...ACCESS_OPTIONS,
  ...UPLOAD_OPTIONS,
  ...HOOK_OPTIONS,
  logLevel: {
    flag: "log-level",
    value: "LEVEL",
    fallback: "info",
    help: `how much is logged: ${LOG_LEVELS.map((level) => `\`${level}\``).join(", ")}`,
    parse: oneOf(LOG_LEVELS),
    choices: LOG_LEVELS,
    isLive: true,
    wanted: `one of ${LOG_LEVELS.join(", ")}`,
  } satisfies Option<typeof LOG_LEVELS[number]>,
  logFormat: {
    flag: "log-format",
    value: "FORMAT",
    fallback: "auto",
    help: "`text`, or `json` with one object in each line; `auto` is `text` on a terminal, and `json` otherwise",
    parse: oneOf(["auto", ...LOG_FORMATS]),
    choices: ["auto", ...LOG_FORMATS],
    wanted: "auto, text or json",
  } satisfies Option<"auto" | typeof LOG_FORMATS[number]>,
  /** True when the log has a line for each request. */
  accessLog: {
    flag: "access-log",
    value: "",
    // The log is one stream, in which a line for each request would hide the few that matter.
    fallback: "false",
    help: "the log has a line for each request, whatever `--log-level` says",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
    isLive: true,
  } satisfies Option<boolean>,
};

/** All {@linkcode OPTIONS}, in their order. */
export const ALL_OPTIONS: readonly Option<unknown>[] = Object.values(OPTIONS);

/**
 * The environment variable that names a file with the secret of an option; `undefined` for an option that is no secret,
 * and for the token, whose file is an option of its own.
 */
export function secretFileOf({ flag, isSecret }: Option<unknown>): string | undefined {
  const isOwn = ALL_OPTIONS.some((option) => option.flag === `${flag}-file`);
  return isSecret && !isOwn ? `${variableOf(flag)}_FILE` : undefined;
}

/** The configuration: one value for each of {@linkcode OPTIONS}. */
export type Config = {
  readonly [name in keyof typeof OPTIONS]: NonNullable<ReturnType<typeof OPTIONS[name]["parse"]>>;
};
