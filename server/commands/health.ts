import { parseArgs } from "@std/cli/parse-args";
import { STATUS_CODE } from "@std/http/status";
import { resolve } from "@std/path";
import { ConfigError, OPTIONS, variableOf } from "../config/config.ts";
import { PROGRAM } from "../config/program.ts";
import { defined } from "../defined.ts";
import { probe, type Probed } from "../operations/probe.ts";
import type { Terminal } from "./tokens.ts";

/** The text of `health --help`. */
export const HEALTH_HELP = [
  "Asks a running server whether it can take uploads. The exit code is 0 if it can, and 1 otherwise. It is made for",
  "HEALTHCHECK of Docker, and for scripts that wait for a server.",
  "",
  `Usage: ${PROGRAM} health [URL] [options]`,
  "",
  "  URL       the server's address, such as https://up.example; by default the one that this machine's server listens",
  "            on, by its PAWL_ variables or the file of PAWL_CONFIG",
  "  --alive   asks only whether the server answers at all (/healthz instead of /readyz)",
].join("\n");

/** How long the server may take for its answer, in milliseconds: less than Docker waits for the command. */
const PATIENCE_MS = 4000;

/** The question that `health …` on the command line asks. */
export interface HealthQuestion {
  readonly url: URL;
  /** True for a server by its own address on this machine. */
  readonly isOwn: boolean;
  /** The unix socket that the server listens on; absent for one that listens on a port. */
  readonly socketPath?: string;
}

/** Reads the arguments behind `health`. Throws {@linkcode ConfigError}. */
export function parseHealthCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
): HealthQuestion | "help" {
  const given = parseArgs([...args], {
    string: ["_"],
    boolean: ["help", "alive"],
    unknown(argument: string) {
      if (argument.startsWith("-")) throw new ConfigError(`Unknown argument "${argument}": see health --help`);
    },
  });
  if (given["help"] === true) return "help";
  const [address, ...rest] = given._.map(String);
  if (rest.length > 0) throw new ConfigError("Say health, or health URL: see health --help");
  const own = address === undefined ? ownAddress(env) : undefined;
  const base = URL.parse(address ?? own!.url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new ConfigError(`Cannot ask ${JSON.stringify(address)}: give an address such as http://localhost:8080`);
  }
  base.pathname = `${base.pathname.replace(/\/$/, "")}/${given["alive"] === true ? "healthz" : "readyz"}`;
  return { url: base, isOwn: own !== undefined, ...defined({ socketPath: own?.socketPath }) };
}

/** Runs the arguments behind `health` on the command line. Gives the exit code. Throws {@linkcode ConfigError}. */
export async function runHealthCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  { print, tell }: Terminal,
): Promise<number> {
  const question = parseHealthCommand(args, env);
  if (question === "help") {
    print(HEALTH_HELP);
    return 0;
  }
  const { url, isOwn, socketPath } = question;
  const name = socketPath === undefined ? url.origin : `unix:${socketPath}`;
  await needPermissions(url, socketPath);
  try {
    const answer = await probe(url, { patienceMs: PATIENCE_MS, isOwn, ...defined({ socketPath }) });
    const line = `${name} ${verdictOf(answer)}`;
    if (isWell(answer)) {
      print(line);
      return 0;
    }
    tell(line);
  } catch (error) {
    tell(`${name} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  return 1;
}

/** Says in words what the server answered. */
function verdictOf(answer: Probed): string {
  const { status, text } = answer;
  if (isWell(answer)) return "is well";
  const reasons = [...text.matchAll(/"code": ?"([a-z-]{1,40})"/g)].map(([, code]) => code);
  if (reasons.length > 0) return `takes no uploads: ${reasons.join(", ")}`;
  return status === STATUS_CODE.OK ? "is no Pawl: something else answers" : `answers with status ${status}`;
}

/** True for the words of a Pawl that is well. A proxy may answer 200 to everything, as Caddy does without a site. */
function isWell({ status, text }: Probed): boolean {
  return status === STATUS_CODE.OK && /"(?:ready|alive)": ?true/.test(text);
}

/** Refuses to ask without the permissions for it: Deno would ask the person at the terminal. */
async function needPermissions({ host }: URL, socketPath: string | undefined): Promise<void> {
  const needed: readonly (readonly [flag: string, permission: Deno.PermissionDescriptor])[] = socketPath === undefined
    ? [[`net=${host}`, { name: "net", host }]]
    : [
      [`net=unix:${socketPath}`, { name: "net", host: `unix:${socketPath}` }],
      [`read=${socketPath}`, { name: "read", path: socketPath }],
      [`write=${socketPath}`, { name: "write", path: socketPath }],
    ];
  for (const [flag, permission] of needed) {
    const { state } = await Deno.permissions.query(permission);
    if (state !== "granted") throw new ConfigError(`Pawl cannot ask without --allow-${flag}: give that to deno run`);
  }
}

/** The address that this machine's server listens on, by the options that say so. */
function ownAddress(env: (name: string) => string | undefined): { url: string; socketPath?: string } {
  const valueOf = ({ flag, fallback }: { flag: string; fallback: string }) => env(variableOf(flag)) ?? fallback;
  const givenOf = (option: { flag: string; fallback: string }) => {
    const value = valueOf(option);
    return value === "none" ? "" : value;
  };
  const basePath = givenOf(OPTIONS.basePath);
  const socketPath = givenOf(OPTIONS.unixSocket);
  if (socketPath !== "") return { url: `http://localhost${basePath}`, socketPath: resolve(socketPath) };
  const host = valueOf(OPTIONS.host);
  // Other systems than Linux cannot connect to the address that stands for all.
  const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const scheme = givenOf(OPTIONS.certFile) === "" ? "http" : "https";
  return { url: `${scheme}://${near.includes(":") ? `[${near}]` : near}:${valueOf(OPTIONS.port)}${basePath}` };
}
