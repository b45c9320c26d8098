import { ConfigError, helpText, readConfig } from "./server/config.ts";
import { isDiskFull } from "./server/errors.ts";
import { runLinkCommand } from "./server/links.ts";
import { openLog, print, printFailure } from "./server/log.ts";
import { missingForConfig, missingForServer } from "./server/permissions.ts";
import { type Running, serve } from "./server/serve.ts";
import { runTokenCommand } from "./server/tokens.ts";
import { surviveUncaught } from "./server/uncaught.ts";
import { runWebhookCommand } from "./server/webhooks.ts";

if (import.meta.main) await main();

/** Runs the server, with the options of this process, until a signal ends it; or a command about tokens, links or webhooks. */
export async function main(): Promise<void> {
  try {
    const root = import.meta.dirname ?? ".";
    refuseWithout(await missingForConfig());
    const env = (name: string) => Deno.env.get(name);
    if (Deno.args[0] === "token") {
      return await runTokenCommand(Deno.args.slice(1), env, { print, tell: printFailure });
    }
    if (Deno.args[0] === "link") {
      return await runLinkCommand(Deno.args.slice(1), env, { print, tell: printFailure });
    }
    if (Deno.args[0] === "webhook") {
      return await runWebhookCommand(Deno.args.slice(1), env, { print, tell: printFailure });
    }
    const config = readConfig(Deno.args, env);
    if (config === "help") return print(helpText());
    refuseWithout(await missingForServer(config, root));
    const log = await openLog(config.logLevel);
    surviveUncaught(log);
    const server = await serve(config, { log, root, now: Date.now });
    print(`Pawl is at ${server.url} and keeps its files in ${config.data}`);
    if (server.adminUrl !== undefined) print(`Its health and metrics are at ${server.adminUrl}`);
    if (server.signInLink !== undefined) print(`Sign in by this link, which is shown this once: ${server.signInLink}`);
    server.moved.then((found) => {
      log.error("The data folder {data} is not the one that was opened: {found}. The server ends", {
        data: config.data,
        found,
      });
      end(server, 1);
    });
    let asked = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => ++asked === 1 ? end(server) : Deno.exit(1));
    }
  } catch (error) {
    printFailure(explain(error));
    Deno.exit(1);
  }
}

/** Stops the server, and exits with `code`, or with 1 when something did not end in its time. */
async function end(server: Running, code = 0): Promise<never> {
  const isDone = await server.stop().catch((error) => printFailure(`Pawl could not end in good order: ${error}`));
  if (isDone === false) {
    printFailure("Pawl could not wait any longer for what it was doing; what it has acknowledged is safe");
  }
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
