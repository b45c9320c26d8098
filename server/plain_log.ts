import { type Log, printFailure } from "./log.ts";
import { formatEvent, inOneLine } from "./log_lines.ts";

/**
 * Makes a log that shares nothing with the program around it, as a log library would: one line of text for each event,
 * on standard error unless told. Events of the level `debug` are left out.
 */
export function createPlainLog(write: (line: string) => void = printFailure): Log {
  const at = (level: string) => (message: string, properties: Record<string, unknown> = {}) => {
    const text = message.replaceAll(/\{(\w+)\}/g, (_, name: string) => inOneLine(properties[name]));
    write(formatEvent({ at: Date.now(), level, logger: "pawl", message: text, properties }, "text").trimEnd());
  };
  return { debug() {}, info: at("info"), warning: at("warning"), error: at("error") };
}
