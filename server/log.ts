import { configure, getLogger, getTextFormatter, type LogLevel } from "@logtape/logtape";

/** Where the parts of Pawl say what they did; `{name}` in a message stands for a property. */
export interface Log {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warning(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly LogLevel[];

/** Opens the log of the process on standard error, one line an event; properties are quoted, so none can forge a line. */
export async function openLog(lowestLevel: typeof LOG_LEVELS[number]): Promise<Log> {
  const formatter = getTextFormatter({ timestamp: "rfc3339", level: "FULL", lineEnding: "lf", value: inOneLine });
  const encoder = new TextEncoder();
  await configure({
    // Not by the console, whose own formatting costs as much as all of the rest.
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(formatter(record))) },
    loggers: [
      { category: "pawl", lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
  return getLogger("pawl");
}

/** What a property is shown as: an error with its stack and what caused it, and yet in one line. */
export function inOneLine(value: unknown, inspect: (value: unknown) => string): string {
  const text = inspect(value);
  return value instanceof Error ? text.replaceAll(/\s*[\r\n\u2028\u2029]\s*/g, " | ") : text;
}

/** Prints a line for the person at the terminal, on standard output. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- the one place that prints
  console.log(line);
}

/** Prints why the program cannot go on, on standard error. */
export function printFailure(line: string): void {
  // deno-lint-ignore no-console -- the one place that prints
  console.error(line);
}
