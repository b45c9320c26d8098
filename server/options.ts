import { resolve } from "@std/path";
import { EVENT_TYPES, parseEventType, parseSecret, parseWebhookUrl } from "./hook_values.ts";
import {
  count,
  type ListenerAddress,
  listOf,
  logLevel,
  parseAddress,
  parseAdminPort,
  parseFixedToken,
  parseHostName,
  parseOrigin,
  parsePort,
  parsePublicUrl,
  parseUserHeader,
  positiveTime,
  size,
  trueOrFalse,
} from "./option_values.ts";
import { LOG_LEVELS } from "./log.ts";
import { parseNetwork } from "./networks.ts";

/** One option of the server. */
export interface Option<T> {
  /** The flag without `--`. */
  readonly flag: string;
  /** The word that stands for the value in `--help`. */
  readonly value: string;
  /** The default, as text. */
  readonly fallback: string;
  /** Says what the option does, in Markdown for the README; `--help` shows it without the backticks. */
  readonly help: string;
  /** Reads the option's text; `undefined` for a text that is no value. */
  readonly parse: (text: string) => T | undefined;
  /** Says what may be given, for the message about a wrong value. */
  readonly wanted: string;
  /** True when the flag may be repeated. The values are joined by commas. */
  readonly isList?: true;
  /** True when the flag stands without a value, for `true`. */
  readonly isSwitch?: true;
  /** True for a secret. It has no flag, because the command line of a program can be seen by others. */
  readonly isSecret?: true;
}

/**
 * Every option of the server. The type of the configuration, the command line, the environment and `--help` are made
 * from this list, and a test compares the README's table with it. Sizes are in bytes, times in milliseconds.
 */
export const OPTIONS = {
  host: {
    flag: "host",
    value: "ADDRESS",
    // By default other machines cannot connect.
    fallback: "127.0.0.1",
    help: "address to listen on; `0.0.0.0` lets other machines in",
    parse: parseAddress,
    wanted: "an address such as 127.0.0.1 or 0.0.0.0",
  } satisfies Option<string>,
  port: {
    flag: "port",
    value: "NUMBER",
    fallback: "8080",
    help: "port to listen on; `0` takes a free one",
    parse: parsePort,
    wanted: "a number from 0 to 65535",
  } satisfies Option<number>,
  /** The second listener, which serves health and metrics alone, to everybody who reaches it. */
  adminPort: {
    flag: "admin-port",
    value: "PORT",
    fallback: "none",
    help: "second port, of this machine alone, for health and metrics without a token; `0.0.0.0:9090` lets others in",
    parse: parseAdminPort,
    wanted: "a port such as 9090, or an address and a port such as 0.0.0.0:9090, or none",
  } satisfies Option<ListenerAddress | "none">,
  /** The data folder, absolute. */
  data: {
    flag: "data",
    value: "FOLDER",
    fallback: "data",
    help: "folder for everything that is kept; finished files lie in `FOLDER/files`",
    parse: (text) => text === "" ? undefined : resolve(text),
    wanted: "a folder",
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
  } satisfies Option<readonly string[]>,
  /** True when anybody may upload and read, also from other machines. */
  open: {
    flag: "open",
    value: "",
    fallback: "false",
    help: "anybody may upload without a token, also from other machines and after the first token",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
  /** The fixed token, a secret; empty for none. */
  fixedToken: {
    flag: "token",
    value: "",
    fallback: "none",
    help: "a token with all rights, of 22 characters or more, for containers; not a flag, because others could see it",
    parse: (text) => text === "none" ? "" : parseFixedToken(text),
    wanted: "a token of at least 22 characters without spaces",
    isSecret: true,
  } satisfies Option<string>,
  /** The file that holds the fixed token, absolute; empty for none. */
  fixedTokenFile: {
    flag: "token-file",
    value: "FILE",
    fallback: "none",
    help: "a file with such a token in it, such as a secret of Docker",
    parse: (text) => text === "none" ? "" : text === "" ? undefined : resolve(text),
    wanted: "a file, or none",
  } satisfies Option<string>,
  /** The networks of the proxies that are believed about their clients. */
  trustedProxies: {
    flag: "trust-proxy",
    value: "ADDRESSES",
    fallback: "none",
    help: "proxies that are believed about clients' addresses: `10.0.0.0/8,::1`",
    parse: listOf(parseNetwork),
    wanted: "addresses such as 127.0.0.1 or 10.0.0.0/8 separated by commas, or none",
    isList: true,
  } satisfies Option<readonly string[]>,
  /** The header by which such a proxy names its users, in small letters; empty for none. */
  userHeader: {
    flag: "user-header",
    value: "NAME",
    fallback: "none",
    help: "header by which a trusted proxy names the user that it has signed in, such as `Remote-User`",
    parse: parseUserHeader,
    wanted: "the name of a header, such as X-Forwarded-User, or none",
  } satisfies Option<string>,
  /** True when the finished files of an owner lie in a folder of its name. */
  ownerFolders: {
    flag: "owner-folders",
    value: "",
    fallback: "false",
    help: "finished files of a token or user lie in a folder of its name",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
  maxBytes: {
    flag: "max-size",
    value: "SIZE",
    fallback: "none",
    help: "largest file that the server accepts, such as `20GiB`",
    parse: size({ none: Infinity }),
    wanted: "a size such as 500MB or 20GiB, or none",
  } satisfies Option<number>,
  expireAfterMs: {
    flag: "expire-after",
    value: "TIME",
    // This is long enough for a week away from a good connection.
    fallback: "7d",
    help: "how long an unfinished upload is kept after its last byte, while the server runs",
    parse: positiveTime,
    wanted: "a time such as 12h or 7d",
  } satisfies Option<number>,
  /** False: offsets are acknowledged without a flush, and a power cut may take them back. */
  durable: {
    flag: "durability",
    value: "LEVEL",
    fallback: "durable",
    help: "`relaxed` is faster, but a power cut may take back, or damage, acknowledged bytes",
    parse: (text) => text === "durable" || text === "relaxed" ? text === "durable" : undefined,
    wanted: "durable or relaxed",
  } satisfies Option<boolean>,
  idleMs: {
    flag: "idle-timeout",
    value: "TIME",
    // A phone takes less to change from one network to another.
    fallback: "60s",
    help: "how long a client may send nothing in the middle of a request",
    parse: positiveTime,
    wanted: "a time such as 60s",
  } satisfies Option<number>,
  minBytesPerSecond: {
    flag: "min-rate",
    value: "SIZE",
    fallback: "none",
    help: "slowest average of a body in bytes a second, checked after 30 s, such as `1KiB`",
    parse: size({ none: 0 }),
    wanted: "a size such as 1KiB, or none",
  } satisfies Option<number>,
  minFreeBytes: {
    flag: "min-free",
    value: "SIZE",
    // This is enough for the database, and for what is being written.
    fallback: "256MiB",
    help: "space on the disk that uploads leave free: new ones are refused, running ones stop there",
    parse: size({ none: 0 }),
    wanted: "a size such as 1GiB, or none",
  } satisfies Option<number>,
  /** The most requests of one address at a time. */
  maxPerAddress: {
    flag: "max-per-address",
    value: "NUMBER",
    // A browser opens far fewer, and one client cannot fill the memory with these.
    fallback: "256",
    help: "requests of one client address at a time; this machine's own are not counted",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
  } satisfies Option<number>,
  /** The most bytes that one owner keeps, unless its token says otherwise. */
  quotaBytes: {
    flag: "quota",
    value: "SIZE",
    fallback: "none",
    help: "bytes that one owner may keep, finished and unfinished; a token may have its own `--quota`",
    parse: size({ none: Infinity }),
    wanted: "a size such as 500GB, or none",
  } satisfies Option<number>,
  /** The most bytes that all owners keep together. */
  totalBytes: {
    flag: "max-total",
    value: "SIZE",
    fallback: "none",
    help: "bytes that are kept in all, finished and unfinished",
    parse: size({ none: Infinity }),
    wanted: "a size such as 2TB, or none",
  } satisfies Option<number>,
  /** The most unfinished uploads of one owner, and of one client address. */
  maxUnfinished: {
    flag: "max-unfinished",
    value: "NUMBER",
    // A person has far fewer, and one client cannot fill the database.
    fallback: "1000",
    help: "unfinished uploads of one owner, and of one client address; this machine's own address is not counted",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
  } satisfies Option<number>,
  /** The most uploads that one client address begins in a second. */
  maxBegunPerSecond: {
    flag: "max-begun",
    value: "NUMBER",
    fallback: "none",
    help: "uploads that one client address may begin in a second",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
  } satisfies Option<number>,
  /** The most folders that the uploads of one owner make. */
  maxFolders: {
    flag: "max-folders",
    value: "NUMBER",
    // A large tree of sources has fewer, and these take no more than 400 MB of most disks.
    fallback: "100000",
    help: "folders that the uploads of one owner make, each one inside another counted too",
    parse: count({ none: Infinity }),
    wanted: "a number from 1 on, or none",
  } satisfies Option<number>,
  /** The URLs that hear of what happens to uploads. */
  webhooks: {
    flag: "webhook",
    value: "URL",
    fallback: "none",
    help: "URL that hears of each upload, signed; may be repeated ([docs/webhooks.md](docs/webhooks.md))",
    parse: listOf(parseWebhookUrl),
    wanted: "an address such as https://hooks.example/pawl, or none",
    isList: true,
  } satisfies Option<readonly string[]>,
  /** The program that hears of what happens to uploads; empty for none. */
  hookCommand: {
    flag: "hook-command",
    value: "PROGRAM",
    fallback: "none",
    help: "program that is started for each such event, with the event as JSON on its standard input",
    parse: (text) => text === "none" ? "" : text === "" ? undefined : text,
    wanted: "a program, or none",
  } satisfies Option<string>,
  /** The events that webhooks and the program hear of. */
  webhookEvents: {
    flag: "webhook-events",
    value: "EVENTS",
    fallback: "*",
    help: `which events: ${EVENT_TYPES.map((type) => `\`${type}\``).join(", ")}, or \`*\` for all`,
    parse: listOf(parseEventType),
    wanted: `${EVENT_TYPES.join(", ")}, separated by commas, or *`,
    isList: true,
  } satisfies Option<readonly string[]>,
  /** The secret that webhooks are signed with; empty for none. */
  webhookSecret: {
    flag: "webhook-secret",
    value: "",
    fallback: "none",
    help: "the secret that webhooks are signed with: `whsec_` and 24 to 64 bytes in base64; not a flag",
    parse: (text) => text === "none" ? "" : parseSecret(text) === undefined ? undefined : text,
    wanted: "whsec_ and 24 to 64 bytes in base64",
    isSecret: true,
  } satisfies Option<string>,
  /** True when webhooks may go to this machine and to private networks. */
  webhookAllowPrivate: {
    flag: "webhook-allow-private",
    value: "",
    fallback: "false",
    help: "webhooks may go to this machine and to private networks",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
  hookTimeoutMs: {
    flag: "hook-timeout",
    value: "TIME",
    fallback: "5m",
    help: "how long the program of `--hook-command` may run for one event",
    parse: positiveTime,
    wanted: "a time such as 30s or 5m",
  } satisfies Option<number>,
  /** The URL that is asked before an upload begins; empty for none. */
  preCreateUrl: {
    flag: "pre-create-url",
    value: "URL",
    fallback: "none",
    help: "URL that is asked before an upload begins, and may refuse it or change its name",
    parse: (text) => text === "none" ? "" : parseWebhookUrl(text),
    wanted: "an address such as https://hooks.example/may-it, or none",
  } satisfies Option<string>,
  /** The URL that is asked before a file is finished; empty for none. */
  preFinishUrl: {
    flag: "pre-finish-url",
    value: "URL",
    fallback: "none",
    help: "URL that is asked when all bytes have come, before the file is finished, such as a virus scanner",
    parse: (text) => text === "none" ? "" : parseWebhookUrl(text),
    wanted: "an address such as https://hooks.example/may-it, or none",
  } satisfies Option<string>,
  askTimeoutMs: {
    flag: "ask-timeout",
    value: "TIME",
    fallback: "30s",
    help: "how long these two may take for their answers",
    parse: positiveTime,
    wanted: "a time such as 30s or 5m",
  } satisfies Option<number>,
  /** True when files are taken if who is asked gives no answer. */
  takesUnasked: {
    flag: "take-unasked",
    value: "",
    fallback: "false",
    help: "files are taken when these two give no answer; otherwise clients wait and try again",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
  logLevel: {
    flag: "log-level",
    value: "LEVEL",
    fallback: "info",
    help: `how much is logged: ${LOG_LEVELS.map((level) => `\`${level}\``).join(", ")}`,
    parse: logLevel,
    wanted: `one of ${LOG_LEVELS.join(", ")}`,
  } satisfies Option<typeof LOG_LEVELS[number]>,
};

/** The configuration: one value for each of {@linkcode OPTIONS}. */
export type Config = {
  readonly [name in keyof typeof OPTIONS]: NonNullable<ReturnType<typeof OPTIONS[name]["parse"]>>;
};

/** The environment variable of an option. */
export function variableOf(flag: string): string {
  return `PAWL_${flag.toUpperCase().replaceAll("-", "_")}`;
}
