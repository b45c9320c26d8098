import { ALL_OPTIONS, variableOf } from "../config/options.ts";
import type { EventType } from "../config/hook_values.ts";
import type { Log } from "../log.ts";
import type { Hook, Outcome } from "./hook.ts";
import { messageOf } from "./message.ts";

/** The parts of a hook that starts a program. */
export interface CommandOptions {
  /** The program's path, or its name in `PATH`. It gets no arguments. */
  readonly program: string;
  readonly types: ReadonlySet<EventType>;
  readonly publicUrl: string;
  /** How long the program may run, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** The program handles files of strangers, and needs none of the server's own secrets. */
const NO_SECRETS = Object.fromEntries(
  ALL_OPTIONS.filter(({ isSecret }) => isSecret).map(({ flag }) => [variableOf(flag), ""]),
);

/** The most bytes of a program's output that are kept for the log. */
const MAX_OUTPUT = 4096;

/**
 * Makes the hook that starts a program for each event, with the event as JSON on its standard input. Exit code 0 means
 * that it heard; with any other it is started again later. Its output goes to the log.
 */
export function createCommandHook({ program, types, publicUrl, timeoutMs, log }: CommandOptions): Hook {
  return {
    name: "command",
    wants: (type) => types.has(type),
    async deliver(event, stop) {
      const late = AbortSignal.timeout(timeoutMs);
      try {
        const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
        // It leads a group of its own, so that what it has started ends with it.
        const child = new Deno.Command(program, { ...piped, env: NO_SECRETS, detached: true }).spawn();
        const kill = () => killed(child);
        const ended = AbortSignal.any([stop, late]);
        ended.addEventListener("abort", kill);
        if (ended.aborted) kill();
        const outputs = [startOf(child.stdout), startOf(child.stderr)];
        give(child.stdin, `${messageOf(event, publicUrl)}\n`);
        const status = await child.status.finally(() => ended.removeEventListener("abort", kill));
        const texts = await Promise.all(outputs.map((output) => output.end()));
        const said = texts.filter((text) => text !== "").join(" | ");
        if (said !== "") log.info("The hook's program said of {type} {event}: {said}", { ...about(event), said });
        return outcomeOf(status, late.aborted ? timeoutMs : undefined);
      } catch (error) {
        return {
          kind: "failed",
          problem: `Cannot start ${program}: ${error instanceof Error ? error.message : error}`,
        };
      }
    },
  };
}

function about({ type, id }: { type: EventType; id: string }): Record<string, string> {
  return { type, event: id };
}

function outcomeOf({ success, code, signal }: Deno.CommandStatus, timeoutMs?: number): Outcome {
  if (success) return { kind: "delivered" };
  if (timeoutMs !== undefined) {
    return { kind: "failed", problem: `Still ran after ${timeoutMs / 1000} s, and was ended` };
  }
  return { kind: "failed", problem: signal === null ? `Ended with code ${code}` : `Ended by ${signal}` };
}

/** Kills a program and all that it has started; the program alone on Windows, and where Pawl may run nothing else. */
function killed(child: Deno.ChildProcess): void {
  try {
    return Deno.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended, or cannot be ended as one.
  }
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** A program may end without reading anything. */
async function give(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(text)).catch(() => {});
  await writer.close().catch(() => {});
}

/** How long a program's output is read after its end. What it has started may keep it open for ever. */
const OUTPUT_AFTER_END_MS = 1000;

/** Reads a stream to its end, so that its writer never waits, and keeps how it began. */
function startOf(stream: ReadableStream<Uint8Array>): { end(): Promise<string> } {
  const start = new Uint8Array(MAX_OUTPUT);
  let length = 0;
  const reader = stream.getReader();
  async function read(): Promise<void> {
    for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
      const kept = value.subarray(0, MAX_OUTPUT - length);
      start.set(kept, length);
      length += kept.length;
    }
  }
  const reading = read().catch(() => {});
  return {
    async end() {
      const timer = setTimeout(() => reader.cancel().catch(() => {}), OUTPUT_AFTER_END_MS);
      await reading;
      clearTimeout(timer);
      return new TextDecoder().decode(start.subarray(0, length)).trim();
    },
  };
}
