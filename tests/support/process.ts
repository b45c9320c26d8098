import { fromFileUrl } from "@std/path";

/** A real server process: `deno run -A main.ts`, as a user starts it, on a free port. */
export interface PawlProcess extends AsyncDisposable {
  /** The address that the server printed, with no slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** All that the process has printed so far. */
  readonly output: () => string;
  /** Sends a signal, and does not wait for what it does. */
  signal(name: Deno.Signal): void;
  /** Sends a signal, `SIGKILL` unless told, and waits until the process has ended; gives its exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
  /** Waits until the process ends by itself; gives its exit code. */
  ended(): Promise<number>;
  /** Writes a line to its standard input, and waits until it prints `ok`. Gives what it has printed since. */
  tell(line: string): Promise<string>;
}

/** How a server is started. */
export interface StartOptions {
  readonly args?: string[];
  readonly port?: number;
  readonly env?: Record<string, string>;
  /** Another program than main.ts, as a path in the checkout: one that takes the same options and can be told lines. */
  readonly script?: string;
  /** How many files the process may have open at most; what this one may have unless told. */
  readonly openFiles?: number;
  /** The permissions, as options of `deno run`; all by default. */
  readonly permissions?: readonly string[];
}

const root = fromFileUrl(new URL("../../", import.meta.url));
/** The bucket has an address too, which may be told before. */
const READY = /^Pawl is at (https?:\/\/[^\s/]+:\d+)/m;

/**
 * Starts the server on `data` and returns when it has printed its address. Use with `await using`: the process is
 * killed, by its own id, when the scope ends. Throws with all that the process printed if it ends before it is ready.
 */
export async function startPawl(data: string, options: StartOptions = {}): Promise<PawlProcess> {
  const args = ["--port", String(options.port ?? 0), "--data", data, ...options.args ?? []];
  const child = pawlCommand(args, options).spawn();
  const input = options.script === undefined ? undefined : child.stdin.getWriter();
  let printed = "";
  let isReady = false;
  let done = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      printed += text;
      // The whole text is looked at as seldom as can be: a campaign prints much.
      const address = isReady ? null : READY.exec(printed);
      if (address !== null) ready.resolve(address[1]!);
      isReady ||= address !== null;
      if (input !== undefined && printed.endsWith("ok\n")) done.resolve();
    }
  });
  const ended = child.status.then(async (status) => {
    await Promise.all(reading);
    const error = new Error(`The server ended with code ${status.code} before it was ready:\n${printed}`);
    ready.reject(error);
    done.reject(error);
    await input?.abort().catch(() => {});
    return status.code;
  });
  ready.promise.catch(() => {});
  done.promise.catch(() => {});
  const signal = (name: Deno.Signal): void => {
    try {
      child.kill(name);
    } catch (error) {
      // It has ended already: its exit code says the rest.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  const stop = async (name: Deno.Signal = "SIGKILL"): Promise<number> => {
    signal(name);
    return await ended;
  };
  const url = await ready.promise;
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    output: () => printed,
    signal,
    stop,
    ended: () => ended,
    async tell(line) {
      done = Promise.withResolvers();
      const before = printed.length;
      await input?.write(new TextEncoder().encode(`${line}\n`));
      await done.promise;
      return printed.slice(before);
    },
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

/** Runs the server with these arguments until it ends by itself; gives its exit code and what it printed. */
export async function runPawl(
  args: string[],
  env: Record<string, string> = {},
  permissions?: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await pawlCommand(args, { env, ...permissions && { permissions } }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function pawlCommand(
  args: readonly string[],
  { env = {}, script, openFiles, permissions = ["-A"] }: StartOptions,
): Deno.Command {
  const deno = [
    Deno.execPath(),
    "run",
    "--no-prompt",
    ...permissions,
    "--no-check",
    `${root}${script ?? "main.ts"}`,
    ...args,
  ];
  const limited = openFiles === undefined ? deno : ["prlimit", `--nofile=${openFiles}`, ...deno];
  return new Deno.Command(limited[0]!, {
    args: limited.slice(1),
    cwd: root,
    // Tests read the log as people do.
    env: { NO_COLOR: "1", PAWL_LOG_FORMAT: "text", ...env },
    stdin: script === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
}
