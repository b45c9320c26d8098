import { fromFileUrl } from "@std/path";
import { readConfig } from "../../server/config/config.ts";
import { openLog, print } from "../../server/log.ts";
import { serve } from "../../server/serve.ts";
import { PATIENT } from "./pawl.ts";

// The server as main.ts runs it, but with a clock that is `PAWL_TEST_AHEAD_MS` ahead and can be put forward: a line
// `advance MS` on the standard input does that, removes what is past its time then, and is answered by `ok`.
const root = fromFileUrl(new URL("../../", import.meta.url));
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
});
Deno.addSignalListener("SIGTERM", () => void server.stop().then(flush).then(() => Deno.exit(0)));
print(`Pawl is at ${server.url} and keeps its files in ${config.data}`);

for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const ms = /^advance (\d+)\n$/.exec(text)?.[1];
  if (ms === undefined) throw new Error(`Cannot do ${JSON.stringify(text)}`);
  aheadMs += Number(ms);
  await server.sweep();
  print("ok");
}
// Whoever steers it has gone.
Deno.exit(1);
