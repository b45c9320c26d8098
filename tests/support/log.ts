import type { Log } from "../../server/log.ts";

/** A log that keeps what it is told, with the properties put into the message. */
export interface MemoryLog extends Log {
  readonly lines: readonly string[];
}

export function memoryLog(): MemoryLog {
  const lines: string[] = [];
  const keep = (level: string) => (message: string, properties: Record<string, unknown> = {}) => {
    const text = message.replace(/\{(\w+)\}/g, (_, name: string) => String(properties[name]));
    lines.push(`${level}: ${text}`);
  };
  return { lines, debug: keep("debug"), info: keep("info"), warning: keep("warning"), error: keep("error") };
}
