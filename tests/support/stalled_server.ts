import { main } from "../../main.ts";

// The server as main.ts runs it, on a disk that does not answer from the first flush of a file's bytes on. At its end it
// says how long its timers have waited since SIGTERM, one behind the other: the clock would tell how busy the machine is.
const { setTimeout } = globalThis;
let waitedMs = 0;
globalThis.setTimeout = ((work: (...args: unknown[]) => void, ms = 0, ...given: unknown[]) =>
  setTimeout(
    (...args: unknown[]) => {
      waitedMs += ms;
      work(...args);
    },
    ms,
    ...given,
  )) as typeof setTimeout;
Deno.addSignalListener("SIGTERM", () => void (waitedMs = 0));
// deno-lint-ignore no-console -- the test reads it
addEventListener("unload", () => console.log(`Its timers have waited ${waitedMs} ms since`));
Deno.FsFile.prototype.syncData = () => Promise.withResolvers<void>().promise;
await main();
