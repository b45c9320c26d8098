import { systemClock } from "../../client/mod.ts";
import type { Output } from "./report.ts";
import type { Screen } from "./screen_report.ts";

/** Gives the terminal that a person sits at, which shows standard error; `undefined` when there is none. */
export function screenOf(
  lines: Pick<Output, "print" | "tell">,
  env: (name: string) => string | undefined,
): Screen | undefined {
  if (!Deno.stderr.isTerminal() || env("TERM") === "dumb") return undefined;
  const encoder = new TextEncoder();
  return {
    ...lines,
    now: systemClock.now,
    write(text) {
      const bytes = encoder.encode(text);
      for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
    },
    size() {
      try {
        return Deno.consoleSize();
      } catch {
        return { columns: 80, rows: 24 };
      }
    },
  };
}
