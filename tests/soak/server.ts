import { setTimeout as wait } from "node:timers/promises";
import { type PawlProcess, startPawl } from "../support/process.ts";
import type { Random } from "../support/random.ts";
import type { Account } from "./account.ts";

/** One life of the server: from its first answer to its end. Times in milliseconds of the run's clock. */
export interface Life {
  readonly from: number;
  to: number;
  end: "restart" | "kill" | "over";
}

/** The server of a run: a process of its own that is restarted and killed. */
export class SoakServer implements AsyncDisposable {
  readonly lives: Life[] = [];
  /** The lines of its log that tell of more than what it did. */
  readonly complaints: string[] = [];
  /** How often SIGTERM ended it with code 1, because the disk took too long. */
  hurried = 0;
  readonly #data: string;
  readonly #port: number;
  readonly #account: Account;
  readonly #now: () => number;
  #process: PawlProcess | undefined;

  constructor(data: string, { port, account, now }: { port: number; account: Account; now: () => number }) {
    this.#data = data;
    this.#port = port;
    this.#account = account;
    this.#now = now;
  }

  /** The id of the process; `undefined` between two lives. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const server = await startPawl(this.#data, { port: this.#port, args: ["--log-level", "warning"] });
    this.#process = server;
    this.lives.push({ from: this.#now(), to: Infinity, end: "over" });
    server.ended().then((code) => {
      if (this.#process === server) this.#account.fault(`The server ended by itself with ${code}:\n${server.output()}`);
    });
  }

  /** Ends the process by SIGTERM (`restart`) or SIGKILL. An end by SIGTERM that is not in good order is a fault. */
  async end(how: "restart" | "kill"): Promise<void> {
    const server = this.#process;
    const life = this.lives.at(-1);
    if (server === undefined || life === undefined) return;
    this.#process = undefined;
    Object.assign(life, { to: this.#now(), end: how });
    const code = await server.stop(how === "kill" ? "SIGKILL" : "SIGTERM");
    // A disk that is too slow for its patience is no fault: the server says so, and what was acknowledged is safe.
    const isHurried = how === "restart" && code === 1 && server.output().includes("Cannot wait any longer");
    if (isHurried) this.hurried++;
    else if (how === "restart" && code !== 0) this.#account.fault(`The server ended with ${code} after SIGTERM`);
    this.complaints.push(...server.output().split("\n").filter((line) => / \[(?:WARNING|ERROR|FATAL)\] /.test(line)));
  }

  /** Restarts and kills the server at random, about every `meanMs`, until `stop` aborts. It runs then. */
  async liveAndDie(random: Random, meanMs: number, stop: AbortSignal): Promise<void> {
    for (;;) {
      await wait(meanMs * (0.5 + random.next()), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
      // Both come in any run that has two.
      await this.end(this.lives.length % 2 === 1 ? "kill" : "restart");
      await this.start();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    await server?.stop("SIGKILL");
  }
}
