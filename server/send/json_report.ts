import { defined } from "../defined.ts";
import type { Output, Report, Sending } from "./report.ts";
import { safeJson } from "./shown.ts";

/** How often the progress of one file is told while its state stays the same, in milliseconds. */
const EVERY_MS = 1000;

/** Makes the report for programs: one JSON object a line. docs/send.md has the schema. */
export function jsonReport({ print, now }: Pick<Output, "print" | "now">): Report {
  const told = new Map<string, { state: string; at: number }>();
  const tell = (event: Record<string, unknown>) => print(safeJson(event));

  function isDue({ key, state }: Sending): boolean {
    const before = told.get(key);
    if (before?.state === state && now() - before.at < EVERY_MS) return false;
    told.set(key, { state, at: now() });
    return true;
  }

  return {
    begin: ({ files, size }) => tell({ event: "begin", files, ...defined({ size }) }),
    progress(file) {
      if (!isDue(file)) return;
      const { path, state, confirmed, sent, size, bytesPerSecond, remainingMs, problem, retryInMs } = file;
      tell({
        event: "progress",
        path,
        state,
        confirmed,
        sent,
        bytesPerSecond: Math.round(bytesPerSecond),
        ...defined({
          size,
          remainingMs: remainingMs === undefined ? undefined : Math.round(remainingMs),
          problem: problem?.code,
          message: problem?.message,
          retryInMs: retryInMs === undefined ? undefined : Math.round(retryInMs),
        }),
      });
    },
    done({ key, path, size }, url) {
      told.delete(key);
      tell({ event: "done", path, ...defined({ size, url }) });
    },
    failed({ key, path, code, message }) {
      told.delete(key ?? "");
      tell({ event: "failed", path, code, message });
    },
    note: (message) => tell({ event: "note", message }),
    end: ({ files, done, failed }, code) => tell({ event: "end", files, done, failed, code }),
  };
}
