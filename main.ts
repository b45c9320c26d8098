import { type Command, commandOf, COMMANDS } from "./server/commands/all.ts";
import { checkConfig } from "./server/commands/check_config.ts";
import { explainCommand, runCommand } from "./server/commands/run_command.ts";
import { parseCommandLine } from "./server/config/command_line.ts";
import { ConfigError } from "./server/config/config.ts";
import { foreignVariable, openEnvironment } from "./server/config/environment.ts";
import { defined } from "./server/defined.ts";
import { isDiskFull } from "./server/errors.ts";
import { helpText } from "./server/config/help.ts";
import { commitOf, readQuietly, versionLine } from "./server/config/version.ts";
import { LiveConfig } from "./server/config/live_config.ts";
import { loadSettings } from "./server/config/load_settings.ts";
import { formOf, type OpenLog, openLog, print, printFailure } from "./server/log.ts";
import { missingForConfig, missingForServer } from "./server/config/permissions.ts";
import { createReload } from "./server/config/reload.ts";
import { createSupervisor, type Supervisor } from "./server/operations/supervisor.ts";
import { hasRuntimeMetrics, openTracer, readsBaggage } from "./server/operations/tracing.ts";
import type { Running } from "./server/serve.ts";
import { surviveUncaught } from "./server/uncaught.ts";

if (import.meta.main) await main();

/** Runs the server, with the options of this process, until a signal ends it; or one of the other commands. */
export async function main(): Promise<void> {
  let command: Command | undefined;
  try {
    command = commandOf(Deno.args[0]);
    refuseWithout(await missingForConfig());
    const environment = await openEnvironment();
    if (command !== undefined) {
      Deno.exitCode = await runCommand(command, Deno.args.slice(1), environment, { print, tell: printFailure });
      return;
    }
    const commandLine = parseCommandLine(Deno.args);
    if (commandLine.asks === "help") return print(helpText(COMMANDS, environment.chosenData?.folder));
    const root = import.meta.dirname ?? ".";
    if (commandLine.asks === "version") return print(versionOf(root));
    const read = () => loadSettings(commandLine, environment);
    const settings = await read();
    refuseWithout(await missingForServer(settings.config, root));
    if (commandLine.asks === "check") return await checkConfig(settings.config, environment.names, print);
    await run(new LiveConfig(settings), { root, read, whyData: settings.whyData });
  } catch (error) {
    printFailure(command !== undefined ? explainCommand(command, error) : explain(error));
    Deno.exit(1);
  }
}

function versionOf(root: string): string {
  return versionLine({ commit: commitOf(root, Deno.build.standalone, readQuietly), deno: Deno.version.deno });
}

/** Runs the server until a signal ends it. */
async function run(
  live: LiveConfig,
  { root, read, whyData }: {
    root: string;
    read: Parameters<typeof createReload>[0]["read"];
    whyData: string | undefined;
  },
): Promise<void> {
  const { config } = live;
  const isTerminal = Deno.stderr.isTerminal();
  const openedLog = openLog({ level: config.logLevel, format: formOf(config.logFormat, isTerminal) });
  const { log } = openedLog;
  surviveUncaught(log);
  const supervisor = createSupervisor({ env: foreignVariable, pid: Deno.pid, log });
  if (hasRuntimeMetrics()) {
    log.warning(
      "Clients can fill the memory by the metrics that Deno itself makes of requests: set OTEL_DENO_METRICS=false, and read Pawl's metrics at /metrics",
    );
  }
  if (readsBaggage()) {
    log.warning(
      "Clients can use up all connections by a header that Deno reads for its traces: set OTEL_PROPAGATORS=tracecontext",
    );
  }
  const givenUp = new AbortController();
  const surroundings = {
    log,
    takeAccess: openedLog.take,
    root,
    now: Date.now,
    giveUp: givenUp.signal,
    ...defined({ tracer: openTracer() }),
  };
  // The other commands do not need the server.
  const { serve } = await import("./server/serve.ts");
  const opening = serve(config, surroundings).catch(async (error) => {
    await openedLog.flush();
    throw error;
  });
  // A signal without a listener ends the process, so these are there before anybody is told that the server runs.
  let asked = 0;
  const onEnd = async () => {
    if (++asked > 1) Deno.exit(1);
    givenUp.abort();
    const running = await opening.catch(() => undefined);
    // A start that was given up ends the process by itself.
    if (running !== undefined) await end(running, supervisor, openedLog);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, onEnd);
  const reload = createReload({ live, read, log, onTaken: () => openedLog.setLevel(config.logLevel) });
  const readAgain = async () => {
    await reload();
    await (await opening).renewCertificate();
  };
  // A terminal that is closed sends the same signal, and nobody could end the server by it any more.
  Deno.addSignalListener(
    "SIGHUP",
    () => isTerminal && !Deno.stderr.isTerminal() ? onEnd() : supervisor.reloading(readAgain),
  );
  const server = await opening;
  const why = whyData === undefined || server.place !== config.data ? "" : ` (${whyData}; --data gives another folder)`;
  print(`Pawl is at ${server.url} and keeps its files in ${server.place}${why}`);
  if (server.adminUrl !== undefined) print(`Its health and metrics are at ${server.adminUrl}`);
  if (server.redirectUrl !== undefined) print(`What comes to ${server.redirectUrl} is led to HTTPS`);
  if (server.signInLink !== undefined) print(`Sign in by this link, which is shown this once: ${server.signInLink}`);
  server.moved.then((found) => {
    log.error("The data folder {data} is not the one that was opened: {found}. The server ends", {
      data: config.data,
      found,
    });
    end(server, supervisor, openedLog, 1);
  });
  await supervisor.ready(server.isAlive);
}

/** Stops the server, and exits with `code`, or with 1 when something did not end in its time. */
async function end(
  server: Running,
  supervisor: Supervisor,
  { log, flush }: OpenLog,
  code = 0,
): Promise<never> {
  await supervisor.stopping();
  const isDone = await server.stop().catch((error) => log.error("Cannot end in good order: {error}", { error }));
  if (isDone === false) log.error("Cannot wait any longer for what runs. What was acknowledged is safe");
  await flush();
  Deno.exit(isDone ? code : 1);
}

function refuseWithout(flags: readonly string[]): void {
  if (flags.length === 0) return;
  throw new ConfigError(`Pawl cannot start without ${flags.join(" ")}: give that to deno run, or -A for everything`);
}

/** Says in one line why the server does not start, and what to do. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Deno.errors.AddrInUse) {
    return "Pawl cannot start: another program listens on this port; stop it, or choose another one by --port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "Pawl cannot start: this machine does not have the address given by --host";
  }
  if (isDiskFull(error)) return "Pawl cannot start: the disk is full; make some space, a megabyte is enough";
  const message = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
  return `Pawl cannot start: ${message}; can it write to the folder given by --data?`;
}
