import type { EventType } from "../hook_values.ts";
import type { Log } from "../log.ts";
import type { Hook, Outcome } from "./hook.ts";
import { messageOf } from "./message.ts";

/** What the hook of a program is made of. */
export interface CommandOptions {
  /** The program's path, or its name in `PATH`. It gets no arguments. */
  readonly program: string;
  readonly types: ReadonlySet<EventType>;
  readonly publicUrl: string;
  /** How long the program may run, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: Log;
}

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
        const child = new Deno.Command(program, { stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
        const kill = () => killed(child);
        const ended = AbortSignal.any([stop, late]);
        ended.addEventListener("abort", kill);
        if (ended.aborted) kill();
        const [status, output, errors] = await Promise.all([
          child.status,
          startOf(child.stdout),
          startOf(child.stderr),
          give(child.stdin, `${messageOf(event, publicUrl)}\n`),
        ]).finally(() => ended.removeEventListener("abort", kill));
        const said = [output, errors].filter((text) => text !== "").join(" | ");
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

function killed(child: Deno.ChildProcess): void {
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

/** Reads a stream to its end, and gives how it began. */
async function startOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let start = new Uint8Array();
  for await (const chunk of stream) {
    if (start.length >= MAX_OUTPUT) continue;
    const more = chunk.subarray(0, MAX_OUTPUT - start.length);
    const longer = new Uint8Array(start.length + more.length);
    longer.set(start);
    longer.set(more, start.length);
    start = longer;
  }
  return new TextDecoder().decode(start).trim();
}
