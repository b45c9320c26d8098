import { unlessAborted } from "../../client/async/unless_aborted.ts";
import { systemClock, type Transport } from "../../client/mod.ts";
import { withHooks } from "../../client/protocol/request_hooks.ts";
import { ConfigError } from "../config/config.ts";
import { parseSendCommand, SEND_HELP, type SendCommand } from "../send/command_line.ts";
import { createTransport } from "../send/fetch_transport.ts";
import { FileLocks } from "../send/file_locks.ts";
import { clientOf, readable, tokenOf } from "../send/given.ts";
import { gather } from "../send/gather.ts";
import { hello, NoServer } from "../send/hello.ts";
import { jsonReport } from "../send/json_report.ts";
import { lineReport } from "../send/line_report.ts";
import { cacheFolder, machineSecret, mayKeep } from "../send/machine.ts";
import type { Report } from "../send/report.ts";
import { screenOf } from "../send/screen.ts";
import { type Screen, screenReport } from "../send/screen_report.ts";
import { sendFiles } from "../send/send_files.ts";
import { sendStream } from "../send/send_stream.ts";
import { shown } from "../send/shown.ts";
import { parseTarget } from "../send/target.ts";
import { SecretStore, visitorOf } from "../send/visitor.ts";
import { listenForStop } from "./signals.ts";
import type { Terminal } from "./tokens.ts";

/** The exit codes besides 0. */
const NOT_ALL = 1;
const WRONG_COMMAND = 2;

/** The things that the command works with, besides its arguments. */
export interface SendSurroundings extends Terminal {
  readonly env: (name: string) => string | undefined;
  readonly stdin: ReadableStream<Uint8Array>;
  /** The terminal, if a person sits at one. */
  readonly screen?: Screen | undefined;
  /** Aborts with the exit code as its reason when sending must stop. */
  readonly signal: AbortSignal;
}

/**
 * Runs the arguments behind `send` on the command line, and gives the exit code. After a signal or a failure it ends the
 * process itself, because a read of standard input or of a dead disk may never end.
 */
export async function runSendCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  terminal: Terminal,
): Promise<number> {
  using stop = listenForStop();
  const screen = screenOf(terminal, readable(env));
  const code = await send(args, {
    env: readable(env),
    ...terminal,
    stdin: Deno.stdin.readable,
    screen,
    signal: stop.signal,
  });
  if (stop.signal.aborted || code !== 0) Deno.exit(code);
  return code;
}

/** Does what the command says, and gives the exit code. Never ends the process. */
export async function send(args: readonly string[], surroundings: SendSurroundings): Promise<number> {
  const { print, tell, signal } = surroundings;
  try {
    const command = parseSendCommand(args);
    if (command === "help") {
      print(SEND_HELP);
      return 0;
    }
    return await run(command, surroundings);
  } catch (error) {
    if (error instanceof ConfigError) {
      tell(shown(error.message));
      return WRONG_COMMAND;
    }
    if (!(error instanceof NoServer)) throw error;
    // It may have what a server has said.
    tell(shown(error.message));
    return signal.aborted ? signal.reason : NOT_ALL;
  }
}

async function run(command: SendCommand, surroundings: SendSurroundings): Promise<number> {
  const { env, stdin, signal } = surroundings;
  const target = parseTarget(command.url);
  const token = await tokenOf(command, env);
  const folder = await usableCache(env);
  const secret = folder === undefined ? undefined : await machineSecret(folder);
  const visitor = visitorOf(target, { token, secret });
  const report = reportOf(command, surroundings);
  const client = command.caFile === undefined ? undefined : await clientOf(command.caFile);
  try {
    const base = createTransport(client);
    const transport: Transport = withHooks(base, { headers: visitor.headers });
    const wait = (ms: number) => systemClock.wait(ms, signal);
    const hasToken = token !== undefined;
    const { tries } = command;
    const isStream = command.sources[0] === "-";
    const limits = await hello(target, { transport, hasToken, tries, isStream, signal, wait, tell: report.note });
    if (limits === undefined) return signal.reason;
    const { endpoint, linkSecret } = target;
    const shared = { endpoint, tries, mayRead: linkSecret === undefined, report, signal };
    if (isStream) {
      const path = [command.into, command.name].filter((part) => part !== undefined).join("/");
      const isDone = await sendStream(stdin, { ...shared, transport, path, now: systemClock.now });
      const [done, failed] = isDone ? [1, 0] : [0, 1];
      return ended(report, { files: 1, done, failed, goesOn: false }, signal);
    }
    if (!visitor.isKnownAgain) report.note("Nothing can be kept in your cache folder: another run begins anew");
    const goesOn = visitor.isKnownAgain;
    const gathered = await unlessAborted(signal, gather(command.sources, { ...command, signal }));
    if (gathered === undefined) return ended(report, { files: 0, done: 0, failed: 0, goesOn }, signal);
    const { files, missing, leftOut } = gathered;
    for (const path of leftOut) report.note(`Left out ${path}: it is no file and no folder, or a link to a folder`);
    report.begin({ files: files.length, size: files.reduce((sum, { file }) => sum + file.size, 0) });
    for (const { path, reason } of missing) report.failed({ path, code: "not-read", message: reason });
    const locks = secret === undefined ? undefined : new FileLocks(folder!);
    const { idSecret, headers } = visitor;
    const { done, failed } = await sendFiles(files, {
      ...shared,
      transport: base,
      headers,
      limits,
      store: new SecretStore(idSecret),
      locks,
      goesOn,
      jobs: command.jobs,
    });
    const all = { files: files.length + missing.length, done, failed: failed + missing.length };
    return ended(report, { ...all, goesOn }, signal);
  } finally {
    client?.close();
  }
}

function ended(report: Report, sum: Parameters<Report["end"]>[0], signal: AbortSignal): number {
  // A signal that comes before the first file is found leaves nothing to be counted.
  const isAll = sum.done === sum.files && (sum.files > 0 || !signal.aborted);
  const code = isAll ? 0 : signal.aborted ? signal.reason : NOT_ALL;
  report.end(sum, code);
  return code;
}

function reportOf({ isJson }: SendCommand, { print, tell, screen }: SendSurroundings): Report {
  const output = { print, tell, now: systemClock.now };
  if (isJson) return jsonReport(output);
  return screen === undefined ? lineReport(output) : screenReport(screen);
}

async function usableCache(env: SendSurroundings["env"]): Promise<string | undefined> {
  const folder = cacheFolder(env);
  return folder !== undefined && await mayKeep(folder) ? folder : undefined;
}
