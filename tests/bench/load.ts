import { fromFileUrl } from "@std/path";
import { WrongResult } from "./job.ts";

/** Small requests of one kind, as many as a server takes in a time. Passed to the load client as JSON. */
export interface LoadPlan {
  readonly port: number;
  /** How many are under way at a time, each on a connection of its own that is kept open. */
  readonly connections: number;
  /** The part before the one that counts, in seconds. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /**
   * The whole request, one character for each byte; `########` stands for its number, with leading zeros, and
   * `@@@@@@@@@@@@` for the base64 of a 0 and that.
   */
  readonly request: string;
  /** The rest of a request that has many files, each with a number of its own. */
  readonly form?: FormRest;
  /** Numbers from 0 on, each once; or, for a `range`, random ones below it. */
  readonly range?: number;
  /** A regular expression that every whole answer must match. */
  readonly expect: string;
}

/** What follows the head of a request that has many files. */
export interface FormRest {
  readonly files: number;
  /** The part of each file. */
  readonly part: string;
  readonly end: string;
}

/** What the load client found. */
export interface LoadResult {
  /** Files with a right answer in the time that counts, per second. */
  readonly perSecond: number;
  /** Files with a right answer in all, with those of the warm-up. */
  readonly answers: number;
  /** What the client itself used, in seconds for each second of the time: at 1 it is what is measured. */
  readonly clientCpu: number;
}

/** Runs the load client, a process of its own. Throws {@linkcode WrongResult} when an answer was not as expected. */
export async function putLoad(plan: LoadPlan, signal: AbortSignal): Promise<LoadResult> {
  const client = fromFileUrl(new URL("./load_client.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", client],
    env: { PAWL_BENCH_LOAD: JSON.stringify(plan), NO_COLOR: "1" },
    stdin: "null",
    signal,
  }).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  if (!success) throw new WrongResult(`The load client failed: ${decoder.decode(stderr)}`);
  const result: LoadResult = JSON.parse(decoder.decode(stdout));
  return result;
}
