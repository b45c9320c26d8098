/** A server process that was started here. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** The first line that it prints on its standard output. Throws when it ends before. */
  firstLine(): Promise<string>;
}

/**
 * Starts a server; leaving its scope kills it, by its own id, and waits until it has ended. One that has children of its
 * own is ended by `end`, so that it ends them too.
 */
export function startProcess(
  command: string,
  args: string[],
  cwd: string,
  end: Deno.Signal = "SIGKILL",
): ServerProcess {
  const child = new Deno.Command(command, { args, cwd, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
  return {
    pid: child.pid,
    ended: child.status.then(() => {}),
    async firstLine() {
      let text = "";
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.includes("\n")) return text.trim();
      }
      throw new Error(`"${command}" ended with code ${(await child.status).code} before it was ready`);
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill(end);
      } catch (error) {
        // It has ended by itself.
        if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
      }
      await child.stdout.cancel().catch(() => {});
      await child.status;
    },
  };
}

/** A port of this machine on which nothing listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
