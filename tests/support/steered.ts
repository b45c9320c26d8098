import { fromFileUrl } from "@std/path";
import { type Config, readConfig } from "../../server/config/config.ts";
import { openLog, print } from "../../server/log.ts";
import type { Surroundings } from "../../server/open.ts";
import { type Running, serve } from "../../server/serve.ts";
import { PATIENT } from "./pawl.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** A server whose clock can be put forward. */
export interface Steered {
  readonly server: Running;
  /** Puts the clock forward, by milliseconds. */
  putForward(ms: number): void;
}

/** Does what a line on the standard input says, and gives what is printed before `ok`; `undefined` for nothing. */
export type Obey = (steered: Steered, command: string, number: number) => Promise<string | void>;

/**
 * Runs the server as main.ts does, but with a clock that is `PAWL_TEST_AHEAD_MS` ahead and can be put forward. Each line
 * `COMMAND NUMBER` on the standard input is done by `obey`, and answered by `ok`.
 */
export async function runSteered(
  obey: Obey,
  surroundings: (config: Config) => Partial<Surroundings> = () => ({}),
): Promise<never> {
  let aheadMs = Number(Deno.env.get("PAWL_TEST_AHEAD_MS") ?? 0);
  const config = readConfig(Deno.args, (name) => Deno.env.get(name));
  const { log, flush } = openLog({ level: config.logLevel, format: "text" });
  const server = await serve(config, {
    log,
    root,
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
    longestStepMs: Infinity,
    // The model knows no answer of a server that has waited in vain.
    limits: PATIENT,
    ...surroundings(config),
  });
  Deno.addSignalListener("SIGTERM", () => void server.stop().then(flush).then(() => Deno.exit(0)));
  print(`Pawl is at ${server.url} and keeps its files in ${server.place}`);
  const steered = { server, putForward: (ms: number) => void (aheadMs += ms) };
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const [, command, number] = /^(\w+) (\d+)\n$/.exec(text) ?? [];
    if (command === undefined) throw new Error(`Cannot do ${JSON.stringify(text)}`);
    const said = await obey(steered, command, Number(number));
    print(said === undefined ? "ok" : `${said}\nok`);
  }
  // Whoever steers it has gone.
  return Deno.exit(1);
}
