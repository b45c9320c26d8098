import { configure, getLogger, getTextFormatter, type LogLevel } from "@logtape/logtape";

/** The log. `{name}` in a message stands for the property of that name. */
export interface Log {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warning(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

/** The levels of the log, the lowest first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly LogLevel[];

/**
 * Opens the log of the process on standard error. Each event is one line; properties are quoted, so that none can forge
 * a line.
 */
export async function openLog(lowestLevel: typeof LOG_LEVELS[number]): Promise<Log> {
  const formatter = getTextFormatter({ timestamp: "rfc3339", level: "FULL", lineEnding: "lf", value: inOneLine });
  const encoder = new TextEncoder();
  await configure({
    // The console is not used: its own formatting would double the cost.
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(formatter(record))) },
    loggers: [
      { category: "pawl", lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
  return getLogger("pawl");
}

/** Formats a property in one line. An error is shown with its stack and its cause. */
export function inOneLine(value: unknown, inspect: (value: unknown) => string): string {
  const text = inspect(value);
  return value instanceof Error ? text.replaceAll(/\s*[\r\n\u2028\u2029]\s*/g, " | ") : text;
}

/** Prints a line for the person at the terminal, on standard output. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- the one place that prints
  console.log(line);
}

/** Prints a line for the person at the terminal, on standard error: why the program cannot go on, or a remark. */
export function printFailure(line: string): void {
  // deno-lint-ignore no-console -- the one place that prints
  console.error(line);
}

/**
 * Replaces the secrets of tokens and links in a text that comes from a client: some send them in a URL by mistake. A
 * fixed token may have any form, so it is known by the name of its parameter alone.
 */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/pawl(?:_|%5f)[\w%-]+/gi, "pawl_…")
    .replaceAll(/\b((?:access_)?token|password)=(?!pawl_…)[^&#\s]+/gi, "$1=…");
}
