import { parseCommandLine } from "./config/command_line.ts";
import { type Config, ConfigError, OPTIONS } from "./config/config.ts";
import { type Environment, openEnvironment } from "./config/environment.ts";
import { loadSettings } from "./config/load_settings.ts";
import { outwardOf } from "./config/outward.ts";
import { embed, type EmbeddedPawl } from "./embed.ts";
import { isOutOfFiles } from "./errors.ts";
import { formOf, openLog, print, printFailure } from "./log.ts";
import { surviveUncaught } from "./uncaught.ts";

/** The options that `deno serve` has instead: it listens, and its own flags come before the name of the file. */
const OF_DENO = [OPTIONS.host, OPTIONS.port];

/** The options of listeners that Pawl does not open here. */
const OF_MAIN = [
  OPTIONS.adminPort,
  OPTIONS.certFile,
  OPTIONS.keyFile,
  OPTIONS.http2,
  OPTIONS.httpRedirect,
  OPTIONS.unixSocket,
];

/**
 * Opens Pawl for `deno serve`, with the options behind the file's name, and those of the environment and the
 * configuration file. Ends the process with one line when that cannot be. `SIGTERM` and `SIGINT` close it in good order.
 */
export async function openForDenoServe(args: readonly string[] = Deno.args): Promise<EmbeddedPawl> {
  try {
    return await open(args, await openEnvironment());
  } catch (error) {
    const message = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
    printFailure(error instanceof ConfigError ? message : `Pawl cannot start: ${message}`);
    Deno.exit(1);
  }
}

async function open(args: readonly string[], environment: Environment): Promise<EmbeddedPawl> {
  const settings = await loadSettings(parseCommandLine(args), environment);
  for (const { flag, fallback } of OF_DENO) {
    if (settings.texts.get(flag) === fallback) continue;
    throw new ConfigError(`--${flag} is an option of deno serve here: deno serve -A --${flag} … serve_entry.ts`);
  }
  for (const { flag, fallback } of OF_MAIN) {
    if ((settings.texts.get(flag) ?? fallback) === fallback) continue;
    throw new ConfigError(
      `--${flag} needs main.ts: deno serve listens on one port alone, and Pawl needs plain HTTP from it`,
    );
  }
  // Nobody tells this file on which address deno serve listens, and by default that is every one.
  const config: Config = { ...settings.config, host: "0.0.0.0" };
  const openedLog = openLog({ level: config.logLevel, format: formOf(config.logFormat, Deno.stderr.isTerminal()) });
  const { log, take, flush } = openedLog;
  surviveUncaught(log);
  const { pawl, ...embedded } = await embed(config, { log, takeAccess: take });
  const end = async (code: number) => {
    const isDone = await embedded.close().catch((error) => log.error("Cannot end in good order: {error}", { error }));
    await flush();
    Deno.exit(isDone ? code : 1);
  };
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => ++asked === 1 ? end(0) : Deno.exit(1));
  }
  pawl.moved.then(() => end(1));
  // deno serve accepts no more connections then, for good: only a new process does.
  globalThis.addEventListener("unhandledrejection", ({ reason }) => isOutOfFiles(reason) && end(1));
  print(`Pawl keeps its files in ${pawl.place}`);
  const secret = await pawl.makeFirstToken();
  const above = outwardOf(config).url;
  if (secret !== undefined) print(`Sign in by this link, which is shown this once: ${above}/#token=${secret}`);
  return embedded;
}
