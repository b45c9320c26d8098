import { join } from "@std/path";
import { send, type SendSurroundings } from "../../server/commands/send.ts";

/** The lines that `send` has printed, and its exit code. */
export interface SendResult {
  readonly code: number;
  /** The lines on standard output. */
  readonly printed: string[];
  /** The lines on standard error. */
  readonly told: string[];
  /** The lines on standard output as JSON. */
  // deno-lint-ignore no-explicit-any -- tests read it by hand
  readonly events: () => any[];
}

/** How `send` is run. */
export interface SendWishes extends Partial<Omit<SendSurroundings, "env">> {
  readonly env?: Record<string, string>;
  /** Called with each line on standard output. */
  readonly onPrint?: (line: string) => void;
}

/** Runs `send` in this process, with a cache folder below `folder`. */
export async function runSend(folder: string, args: readonly string[], wishes: SendWishes = {}): Promise<SendResult> {
  const { env = {}, onPrint, ...given } = wishes;
  const variables: Record<string, string> = { XDG_CACHE_HOME: join(folder, "cache"), ...env };
  const printed: string[] = [];
  const told: string[] = [];
  const code = await send(args, {
    env: (name) => variables[name],
    print(line) {
      printed.push(line);
      onPrint?.(line);
    },
    tell: (line) => told.push(line),
    stdin: ReadableStream.from([]),
    signal: new AbortController().signal,
    ...given,
  });
  return { code, printed, told, events: () => printed.map((line) => JSON.parse(line)) };
}
