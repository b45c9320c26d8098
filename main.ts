import { ConfigError, helpText, readConfig } from "./server/config.ts";
import { isDiskFull } from "./server/errors.ts";
import { openLog, print, printFailure } from "./server/log.ts";
import { serve } from "./server/serve.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  try {
    const config = readConfig(Deno.args, (name) => Deno.env.get(name));
    if (config === "help") return print(helpText());
    const log = await openLog(config.logLevel);
    const server = await serve(config, { log, root: import.meta.dirname ?? ".", now: Date.now });
    print(`Pawl is at ${server.url} and keeps its files in ${config.data}`);
    const end = (code = 0) => void server.stop().then(() => Deno.exit(code));
    server.moved.then((found) => {
      log.error("The data folder {data} is not the one that was opened: {found}. The server ends", {
        data: config.data,
        found,
      });
      end(1);
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      let asked = 0;
      Deno.addSignalListener(signal, () => ++asked === 1 ? end() : Deno.exit(1));
    }
  } catch (error) {
    printFailure(explain(error));
    Deno.exit(1);
  }
}

/** Why the server does not start, in one line that says what to do. */
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
