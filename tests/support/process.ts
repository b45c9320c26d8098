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
}

const root = fromFileUrl(new URL("../../", import.meta.url));
const READY = /http:\/\/[^\s/]+:(\d+)/;

/**
 * Starts the server on `data` and returns when it has printed its address. Use with `await using`: the process is
 * killed, by its own id, when the scope ends. Throws with all that the process printed if it ends before it is ready.
 */
export async function startPawl(
  data: string,
  options: { args?: string[]; port?: number; env?: Record<string, string> } = {},
): Promise<PawlProcess> {
  const child = spawnPawl(["--port", String(options.port ?? 0), "--data", data, ...options.args ?? []], options.env);
  let printed = "";
  const ready = Promise.withResolvers<string>();
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      printed += text;
      const address = READY.exec(printed);
      if (address !== null) ready.resolve(address[0]);
    }
  });
  const ended = child.status.then(async (status) => {
    await Promise.all(reading);
    ready.reject(new Error(`The server ended with code ${status.code} before it was ready:\n${printed}`));
    return status.code;
  });
  ready.promise.catch(() => {});
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
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

/** Runs the server with these arguments until it ends by itself; gives its exit code and what it printed. */
export async function runPawl(
  args: string[],
  env?: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await pawlCommand(args, env).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function spawnPawl(args: string[], env?: Record<string, string>): Deno.ChildProcess {
  return pawlCommand(args, env).spawn();
}

function pawlCommand(args: string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${root}main.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
