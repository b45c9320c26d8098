import { EVENT_TYPES, parseEventType, parseSecret, parseWebhookUrl } from "./hook_values.ts";
import type { Option } from "./option.ts";
import { listOf, positiveTime, trueOrFalse } from "./option_values.ts";

/** The options about who hears of what happens to uploads. */
export const HOOK_OPTIONS = {
  /** The URLs that hear of what happens to uploads. */
  webhooks: {
    flag: "webhook",
    value: "URL",
    fallback: "none",
    help: "URL that hears of each upload, signed; may be repeated ([webhooks.md](webhooks.md))",
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
};
