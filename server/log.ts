import { configureSync, getLogger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { formatEvent, inOneLine, type LogEvent, type LogFormat } from "./log_lines.ts";
import { createLineWriter, type LineWriterDeps } from "./log_writer.ts";

/** The log. `{name}` in a message stands for the property of that name. */
export interface Log {
  /** Takes what helps to find a fault. */
  debug(message: string, properties?: Record<string, unknown>): void;
  /** Takes what happens now and then, and is as it should be. */
  info(message: string, properties?: Record<string, unknown>): void;
  /** Takes what somebody should look at. */
  warning(message: string, properties?: Record<string, unknown>): void;
  /** Takes what went wrong. */
  error(message: string, properties?: Record<string, unknown>): void;
}

/** The levels of the log, the lowest first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly LogLevel[];

/** A level of the log. */
export type Level = typeof LOG_LEVELS[number];

/** The form of a log that was asked for: `auto` is for people on a terminal, and for programs otherwise. */
export function formOf(asked: LogFormat | "auto", isTerminal: boolean): LogFormat {
  return asked !== "auto" ? asked : isTerminal ? "text" : "json";
}

/** The options of {@linkcode openLog}. */
export interface LogOptions {
  readonly level: Level;
  readonly format: LogFormat;
}

/** The log of the process, with what only its owner does to it. */
export interface OpenLog {
  readonly log: Log;
  /** Takes an event at any level, without looking whether it is logged. */
  readonly take: (event: LogEvent) => void;
  /** Changes the level from which on events are logged. */
  setLevel(lowestLevel: Level): void;
  /** Resolves when everything was written, or after a second: a reader that reads no more holds up no end. */
  flush(): Promise<void>;
}

/** How long the end of the process waits for the log, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * Opens the log of the process, on standard error unless told. Each event is one line. Properties are quoted, so that
 * none can forge a line.
 */
export function openLog({ level, format }: LogOptions, write: LineWriterDeps["write"] = toStandardError): OpenLog {
  const tellDropped = (count: number) =>
    formatEvent({
      at: Date.now(),
      level: "warning",
      logger: "pawl",
      message: `${count} lines of the log are missing here: nothing took them in time`,
      properties: { count },
    }, format);
  const writer = createLineWriter({ write, tellDropped });
  const take = (event: LogEvent) => writer.write(formatEvent(event, format));
  const setLevel = (lowestLevel: Level) =>
    configureSync({
      reset: true,
      sinks: { lines: (record) => take(eventOf(record)) },
      loggers: [
        { category: "pawl", lowestLevel, sinks: ["lines"] },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
      ],
    });
  setLevel(level);
  return { log: getLogger("pawl"), take, setLevel, flush: () => writer.flush(PATIENCE_MS) };
}

/** Writes on a thread of its own: the system may take any time for a pipe that nobody reads. */
function toStandardError(bytes: Uint8Array): Promise<number> {
  return Deno.stderr.write(bytes);
}

function eventOf({ timestamp, level, category, message, properties }: LogRecord): LogEvent {
  return {
    at: timestamp,
    level,
    logger: category.join("."),
    // The values stand between the pieces of the text.
    message: message.map((part, at) => at % 2 === 0 ? part : inOneLine(part)).join(""),
    properties,
  };
}

/** Prints a line for the person at the terminal, on standard output. */
export function print(line: string): void {
  printTo(Deno.stdout, line);
}

/** Prints a line for the person at the terminal, on standard error: why the program cannot go on, or a remark. */
export function printFailure(line: string): void {
  printTo(Deno.stderr, line);
}

/**
 * Prints a line without `console`, whose lines the runtime sends to the collector of traces: some lines tell a secret. A
 * reader that has gone, as `head` does, is no failure.
 */
function printTo(output: Pick<typeof Deno.stdout, "writeSync">, line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * Replaces the secrets of tokens and links in a text that comes from a client: some send them in a URL by mistake. A
 * fixed token may have any form, so it is known by the name of its parameter alone.
 */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/pawl(?:_|%5f)[\w%-]+/gi, "pawl_…")
    .replaceAll(/\b((?:access_)?token|password)=(?!pawl_…)[^&#\s]+/gi, "$1=…");
}
