import { fromFileUrl } from "@std/path";
import { startProcess } from "./peers/process.ts";

/** A server that is asked again and again. Passed to the asking process as JSON. */
export interface Asked {
  readonly name: string;
  readonly port: number;
  /** The whole request. */
  readonly request: string;
}

/** How long each answer took, in milliseconds, by the names of the servers. */
export type Answers = Readonly<Record<string, readonly number[]>>;

/**
 * Asks servers for one small answer after the other while something else goes on: on one connection each, 5 ms after the
 * last answer. A process of its own does that. It goes before all others where it may (`nice`, as root): else the time
 * in which it is not let to a core would count as the servers'. Gives the function that ends the asking.
 */
export async function startAsking(asked: readonly Asked[], signal: AbortSignal): Promise<() => Promise<Answers>> {
  const child = new Deno.Command("nice", {
    args: ["-n", "-10", Deno.execPath(), "run", "-A", "--no-check", pathOf("./asking_process.ts")],
    env: { PAWL_BENCH_ASKED: JSON.stringify(asked), NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    signal,
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // The first thing that it prints says that every server has answered once.
  let printed = (await reader.read()).value ?? "";
  return async () => {
    await child.stdin.close();
    for (let part = await reader.read(); !part.done; part = await reader.read()) printed += part.value;
    const { success } = await child.status;
    signal.throwIfAborted();
    if (!success) throw new Error("The process that asks has failed");
    const answers: Answers = JSON.parse(printed.slice(printed.indexOf("\n") + 1));
    return answers;
  };
}

/** A server that does nothing but answer: what asking it takes is the machine's share. */
export async function startIdle(): Promise<{ readonly port: number } & AsyncDisposable> {
  const child = startProcess(Deno.execPath(), ["run", "-A", "--no-check", pathOf("./peers/idle_server.ts")], ".");
  return { port: Number(await child.firstLine()), [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

function pathOf(name: string): string {
  return fromFileUrl(new URL(name, import.meta.url));
}
