import { runSteered } from "./steered.ts";

// `advance MS` puts the clock forward, and removes what is past its time then.
await runSteered(async ({ server, putForward }, command, ms) => {
  if (command !== "advance") throw new Error(`Cannot do ${command}`);
  putForward(ms);
  await server.sweep();
});
