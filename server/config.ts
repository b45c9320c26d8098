import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { LOG_LEVELS } from "./log.ts";
import { parseSize, parseTime } from "./units.ts";

/** What the server runs with. Sizes are in bytes, times in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The data folder, absolute. */
  readonly data: string;
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly expireAfterMs: number;
  /** False: counts are told before their bytes are flushed, and a power cut may take them back. */
  readonly durable: boolean;
  readonly minBytesPerSecond: number;
  readonly minFreeBytes: number;
  /** How many requests of one address may be under way at a time. */
  readonly maxPerAddress: number;
  /** The origins whose pages may use the server besides its own; `"*"` stands for all. */
  readonly allowedOrigins: readonly string[];
  /** What stands before the path in the addresses of uploads: the server's own address as clients know it, or nothing. */
  readonly publicUrl: string;
  readonly logLevel: typeof LOG_LEVELS[number];
}

/** A wrong flag or environment variable; its message is for the person who typed it. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

interface Option<T> {
  readonly flag: string;
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
  readonly parse: (text: string) => T | undefined;
  readonly wanted: string;
}

const OPTIONS = {
  host: {
    flag: "host",
    value: "ADDRESS",
    // Nobody from outside gets in unless told so.
    fallback: "127.0.0.1",
    help: "address to listen on; 0.0.0.0 lets other machines in",
    parse: (text) => /^[\w.:-]+$/.test(text) ? text : undefined,
    wanted: "an address such as 127.0.0.1 or 0.0.0.0",
  } satisfies Option<string>,
  port: {
    flag: "port",
    value: "NUMBER",
    fallback: "8080",
    help: "port to listen on; 0 takes a free one",
    parse: (text) => /^\d{1,5}$/.test(text) && Number(text) < 65536 ? Number(text) : undefined,
    wanted: "a number from 0 to 65535",
  } satisfies Option<number>,
  data: {
    flag: "data",
    value: "FOLDER",
    fallback: "data",
    help: "folder for everything that is kept; finished files lie in FOLDER/files",
    parse: (text) => text === "" ? undefined : resolve(text),
    wanted: "a folder",
  } satisfies Option<string>,
  maxBytes: {
    flag: "max-size",
    value: "SIZE",
    fallback: "none",
    help: "largest file that is taken, such as 20GiB",
    parse: (text) => text === "none" ? Infinity : parseSize(text),
    wanted: "a size such as 500MB or 20GiB, or none",
  } satisfies Option<number>,
  expireAfterMs: {
    flag: "expire-after",
    value: "TIME",
    // Long enough for a week away from the good connection.
    fallback: "7d",
    help: "how long an unfinished upload is kept after its last byte, while the server runs",
    parse: positiveTime,
    wanted: "a time such as 12h or 7d",
  } satisfies Option<number>,
  durable: {
    flag: "durability",
    value: "LEVEL",
    fallback: "durable",
    help: "durable, or relaxed: faster, but a power cut may take back, or spoil, what was told to be safe",
    parse: (text) => text === "durable" || text === "relaxed" ? text === "durable" : undefined,
    wanted: "durable or relaxed",
  } satisfies Option<boolean>,
  idleMs: {
    flag: "idle-timeout",
    value: "TIME",
    // Longer than a phone takes to change from one network to another.
    fallback: "60s",
    help: "how long a client may send nothing in the middle of a request",
    parse: positiveTime,
    wanted: "a time such as 60s",
  } satisfies Option<number>,
  minBytesPerSecond: {
    flag: "min-rate",
    value: "SIZE",
    fallback: "none",
    help: "slowest average a second that a body may come at, after 30s",
    parse: (text) => text === "none" ? 0 : parseSize(text),
    wanted: "a size such as 1KiB, or none",
  } satisfies Option<number>,
  minFreeBytes: {
    flag: "min-free",
    value: "SIZE",
    // Enough for the records of very many uploads, and for what else is on the disk to go on for a while.
    fallback: "256MiB",
    help: "space on the disk that uploads leave free: new ones are refused, those under way stop there",
    parse: (text) => text === "none" ? 0 : parseSize(text),
    wanted: "a size such as 1GiB, or none",
  } satisfies Option<number>,
  maxPerAddress: {
    flag: "max-per-address",
    value: "NUMBER",
    // Far more than a browser opens, and few enough that one client cannot hold all memory.
    fallback: "256",
    help: "requests of one client address at a time; this machine's own are not counted",
    parse: (text) => text === "none" ? Infinity : /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
    wanted: "a number from 1 on, or none",
  } satisfies Option<number>,
  allowedOrigins: {
    flag: "allow-origin",
    value: "ORIGINS",
    fallback: "none",
    help: "other web pages that may upload: https://a.example,https://b.example, or * for all",
    parse: parseOrigins,
    wanted: "origins such as https://a.example separated by commas, or *, or none",
  } satisfies Option<readonly string[]>,
  publicUrl: {
    flag: "public-url",
    value: "URL",
    // A path alone is right behind every proxy that leaves paths as they are.
    fallback: "none",
    help:
      "address that clients know the server by, such as https://a.example, for tus clients that need whole addresses",
    parse: parsePublicUrl,
    wanted: "an address such as https://a.example or https://a.example/uploads, or none",
  } satisfies Option<string>,
  logLevel: {
    flag: "log-level",
    value: "LEVEL",
    fallback: "info",
    help: `how much is logged: ${LOG_LEVELS.join(", ")}`,
    parse: (text) => LOG_LEVELS.find((level) => level === text),
    wanted: `one of ${LOG_LEVELS.join(", ")}`,
  } satisfies Option<typeof LOG_LEVELS[number]>,
};

/**
 * Reads the configuration from the command line and, where that is silent, from `PAWL_…` in the environment.
 * `"help"` when it was asked for. Throws {@linkcode ConfigError}.
 */
export function readConfig(args: readonly string[], env: (name: string) => string | undefined): Config | "help" {
  const flags = Object.values(OPTIONS).map((option) => option.flag);
  const given = parseArgs(args, {
    string: flags,
    boolean: ["help"],
    unknown(argument) {
      throw new ConfigError(`Unknown argument "${argument}": see --help`);
    },
  });
  if (given.help === true) return "help";

  function read<T>(option: Option<T>): T {
    const flag = given[option.flag];
    const variable = variableOf(option.flag);
    const [name, text] = typeof flag === "string"
      ? [`--${option.flag}`, flag]
      : [variable, env(variable) ?? option.fallback];
    const value = option.parse(text);
    if (value === undefined) throw new ConfigError(`${name} cannot be "${text}": give ${option.wanted}`);
    return value;
  }
  return Object.freeze({
    host: read(OPTIONS.host),
    port: read(OPTIONS.port),
    data: read(OPTIONS.data),
    maxBytes: read(OPTIONS.maxBytes),
    expireAfterMs: read(OPTIONS.expireAfterMs),
    durable: read(OPTIONS.durable),
    idleMs: read(OPTIONS.idleMs),
    minBytesPerSecond: read(OPTIONS.minBytesPerSecond),
    minFreeBytes: read(OPTIONS.minFreeBytes),
    maxPerAddress: read(OPTIONS.maxPerAddress),
    allowedOrigins: read(OPTIONS.allowedOrigins),
    publicUrl: read(OPTIONS.publicUrl),
    logLevel: read(OPTIONS.logLevel),
  });
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = Object.values(OPTIONS).map(({ flag, value, fallback, help }) =>
    `  --${`${flag} ${value}`.padEnd(24)}${help}\n${" ".repeat(28)}(${variableOf(flag)}; default ${fallback})`
  );
  return [
    "Pawl: a resumable upload server. Whatever breaks, an upload goes on from the byte that is safe on disk.",
    "",
    "Usage: deno run -A main.ts [options]",
    "",
    ...rows,
    `  --${"help".padEnd(24)}this text`,
    "",
    "Each option can also be given by the environment variable named beside it.",
  ].join("\n");
}

function variableOf(flag: string): string {
  return `PAWL_${flag.toUpperCase().replaceAll("-", "_")}`;
}

function positiveTime(text: string): number | undefined {
  const ms = parseTime(text);
  // A timer holds at most 2^31 - 1 ms, and nobody waits longer than a few centuries.
  return ms !== undefined && ms > 0 && ms < 1e13 ? ms : undefined;
}

function parseOrigins(text: string): readonly string[] | undefined {
  if (text === "none") return [];
  const origins = text.split(",").map((origin) => origin.trim());
  const valid = origins.every((origin) => origin === "*" || URL.parse(origin)?.origin === origin);
  return valid ? origins : undefined;
}

/** Without the slash at its end: a path comes after it. */
function parsePublicUrl(text: string): string | undefined {
  if (text === "none") return "";
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || /[?#@]/.test(text)) return undefined;
  return url.href.replace(/\/+$/, "");
}
