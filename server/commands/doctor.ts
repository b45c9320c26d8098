import { ConfigError } from "../config/config.ts";
import { sizeText } from "../doctor/bytes.ts";
import { DOCTOR_HELP, type DoctorCommand, parseDoctorCommand } from "../doctor/command_line.ts";
import { examine } from "../doctor/examine.ts";
import { diagnose } from "../doctor/findings.ts";
import { FULL_PLAN, mostBytes, type Plan, QUICK_PLAN, usualSeconds } from "../doctor/plan.ts";
import { jsonOf, linesOf } from "../doctor/report.ts";
import { Site } from "../doctor/site.ts";
import type { Endpoint } from "../doctor/wire.ts";
import { certificatesIn, readable, tokenOf } from "../send/given.ts";
import { shown } from "../send/shown.ts";
import { parseTarget } from "../send/target.ts";
import { visitorOf } from "../send/visitor.ts";
import { doctorStores } from "./doctor_stores.ts";
import { listenForStop } from "./signals.ts";
import type { Terminal } from "./tokens.ts";

const WRONG_COMMAND = 2;
/** How long the removal of what was uploaded may take at the end. */
const REMOVAL_MS = 60_000;

/** The things that the command works with, besides its arguments. */
export interface DoctorSurroundings extends Terminal {
  readonly env: (name: string) => string | undefined;
  /** Aborts with the exit code as its reason when looking must stop. What was uploaded is removed then too. */
  readonly signal: AbortSignal;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** A clock that only goes forward, in milliseconds. Default: this process's own. */
  readonly monotonic?: () => number;
  /** How much is sent and waited. Default: as `--quick` says. */
  readonly plan?: Plan;
}

/** Runs the arguments behind `doctor` on the command line, and gives the exit code. A second signal ends it at once. */
export async function runDoctorCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  terminal: Terminal,
): Promise<number> {
  using stop = listenForStop();
  return await doctor(args, { ...terminal, env: readable(env), signal: stop.signal, now: Date.now });
}

/** Does what the command says, and gives the exit code. Never ends the process. */
export async function doctor(args: readonly string[], surroundings: DoctorSurroundings): Promise<number> {
  const { print, tell } = surroundings;
  try {
    const command = parseDoctorCommand(args);
    if (command === "help") {
      print(DOCTOR_HELP);
      return 0;
    }
    if ("isBucket" in command) return await doctorStores(command, surroundings);
    return await run(command, surroundings);
  } catch (error) {
    if (surroundings.signal.aborted && error === surroundings.signal.reason) return surroundings.signal.reason;
    if (!(error instanceof ConfigError)) throw error;
    tell(shown(error.message));
    return WRONG_COMMAND;
  }
}

async function run(command: DoctorCommand, surroundings: DoctorSurroundings): Promise<number> {
  const { env, signal, now, print, tell, plan = command.isQuick ? QUICK_PLAN : FULL_PLAN } = surroundings;
  const target = parseTarget(command.url);
  const token = target.linkSecret === undefined ? await tokenOf(command, env) : undefined;
  const caCerts = command.caFile === undefined ? [] : [await certificatesIn(command.caFile)];
  const { origin, hostname, port, protocol, pathname } = new URL(target.endpoint);
  const isHttps = protocol === "https:";
  const has = target.linkSecret !== undefined ? "link" : token !== undefined ? "token" : "nothing";
  const endpoint: Endpoint = {
    hostname,
    port: Number(port || (isHttps ? 443 : 80)),
    isHttps,
    caCerts,
    mustTrust: has !== "nothing",
  };
  const site = new Site({
    endpoint,
    basePath: pathname.replace(/\/$/, ""),
    visitor: visitorOf(target, { token, secret: undefined }).headers,
    plan,
    run: crypto.randomUUID().slice(0, 8),
    signal,
  });
  tell(`Looks at ${origin}: takes about ${usualSeconds(plan)} seconds, and sends ${sizeText(mostBytes(plan))} at most`);
  let found;
  let remaining: string[] = [];
  try {
    found = await examine({ site, endpoint, origin, has, now, tell: (line) => tell(shown(line)) });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    remaining = await site.removeAll(AbortSignal.timeout(REMOVAL_MS));
  }
  if (found === undefined) {
    tell(remaining.length === 0 ? "Stopped: what was uploaded is removed" : `Stopped: ${remaining.join(", ")} remain`);
    return signal.reason;
  }
  const seen = { ...found, remaining };
  const diagnosis = diagnose(seen, now());
  if (command.isJson) print(jsonOf(seen, diagnosis));
  else for (const line of linesOf(seen, diagnosis)) print(line);
  return diagnosis.code;
}
