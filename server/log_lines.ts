/** The forms of the log: for people, and for programs. */
export const LOG_FORMATS = ["text", "json"] as const;

/** A form of the log: `text` for people, `json` for programs, which has one JSON object in each line. */
export type LogFormat = typeof LOG_FORMATS[number];

/** One event for the log. */
export interface LogEvent {
  /** The machine's time in milliseconds since 1970. */
  readonly at: number;
  readonly level: string;
  /** The part of the program that tells it: `pawl`, or `pawl.access`. */
  readonly logger: string;
  readonly message: string;
  /** The facts in the message, for programs. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Makes the line of an event, with its line feed. The line has no secret and no control character, whoever sent it. */
export function formatEvent({ at, level, logger, message, properties }: LogEvent, format: LogFormat): string {
  const time = new Date(at).toISOString();
  const line = format === "text"
    ? `${time} [${level.toUpperCase()}] ${logger}: ${message}`
    : JSON.stringify({ time, level, logger, message, properties }, plain);
  return `${withoutTokens(withoutControls(line))}\n`;
}

/** Makes what JSON cannot have to a text. The message has the whole error. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "bigint" || typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}

// Besides the control characters of C0 and C1, these end a line for some programs, or turn the order of letters round.
// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROLS = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Writes control characters as `\uXXXX`, which means the same inside of JSON's strings. */
function withoutControls(line: string): string {
  return line.replaceAll(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Cuts the secrets of tokens and links, wherever they come from. They have 43 characters behind the prefix. */
function withoutTokens(line: string): string {
  return line.includes("pawl_") ? line.replaceAll(/pawl_[\w-]{30,}/g, "pawl_…") : line;
}

/** Formats a property in one line. An error is shown with its stack and its cause. */
export function inOneLine(value: unknown, inspect: (value: unknown) => string = Deno.inspect): string {
  const text = inspect(value);
  return value instanceof Error ? text.replaceAll(/\s*[\r\n\u2028\u2029]\s*/g, " | ") : text;
}
