import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import { PATIENCE_MS } from "./until.ts";
import { freePort, type ServerProcess, startProcess } from "../bench/peers/process.ts";

/** A program that listens on a port which it is told. */
export interface ListeningProgram {
  readonly program: string;
  readonly args: string[];
  /** The folder in which it runs. */
  readonly dir: string;
  /** Writes the configuration, with that port. */
  configure(port: number): Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** The signal that ends it. Default: `SIGKILL`. */
  readonly end?: Deno.Signal | undefined;
}

/** A program that listens. Leaving its scope kills it, by its own id. */
export interface Listening extends ServerProcess {
  readonly port: number;
}

/** Runs the program with what it says going into a file: Caddy says much. */
const QUIETLY = ["-c", 'exec "$0" "$@" 2>>"$PWD/stderr"'];

/** Starts a program on a free port of 127.0.0.1, and returns when it listens. */
export async function startListening(
  { program, args, dir, configure, signal, end }: ListeningProgram,
): Promise<Listening> {
  for (let tries = 1;; tries++) {
    const port = freePort();
    await configure(port);
    const server = startProcess("/bin/sh", [...QUIETLY, program, ...args], dir, end);
    try {
      if (await isReady(port, server, signal)) return { ...server, port };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    await server[Symbol.asyncDispose]();
    // Another program may have taken the port meanwhile.
    if (tries === 3) {
      throw new Error(`${program} ended before it was ready:\n${await Deno.readTextFile(join(dir, "stderr"))}`);
    }
  }
}

/** Waits until it listens; false when it ends before. */
async function isReady(port: number, server: ServerProcess, signal?: AbortSignal): Promise<boolean> {
  let hasEnded = false;
  server.ended.then(() => hasEnded = true);
  for (let waitedMs = 0; !hasEnded; waitedMs += 20) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return !hasEnded;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || waitedMs >= PATIENCE_MS) throw error;
    }
    await delay(20, undefined, signal === undefined ? {} : { signal });
  }
  return false;
}
