import { openShared } from "../../server/open_shared.ts";
import { SILENCE_MS } from "./model_site.ts";
import { runSteered } from "./steered.ts";
import { watchedFiles } from "./watched_files.ts";
import { PATIENCE_MS } from "./until.ts";

// One of several instances. `ahead MS` puts the clock forward, `sweep 0` removes what is past its time. `holds BYTES` says
// whether an unfinished upload that this process writes to has so many bytes. `settled COUNT` says whether each of so many
// requests that were sent to this process has ended, or brings bytes for which it has what it needs.

/** An instance that is late, on a machine that is busy, is not taken for a dead one so soon. */
const PATIENT = { silenceMs: SILENCE_MS, patienceMs: PATIENCE_MS, deadlineMs: PATIENCE_MS };
/** How long is looked for what may come in a moment. */
const LOOK_MS = 150;

const files = watchedFiles();
let ended = 0;

await runSteered(
  async ({ server, putForward }, command, number) => {
    switch (command) {
      case "ahead":
        return putForward(number);
      case "sweep":
        return await server.sweep();
      case "holds":
        return String(await soon(() => Promise.resolve([...files.lengths().values()].includes(number))));
      case "settled":
        return String(await soon(async () => ended + await bodies(server.adminUrl!) >= number));
      default:
        throw new Error(`Cannot do ${command}`);
    }
  },
  () => ({
    takeAccess: () => void ended++,
    openStorage: async (config, deps) => {
      const storage = await openShared(config, deps, PATIENT);
      return { ...storage, bytes: files.watch(storage.bytes) };
    },
  }),
);

/** How many bodies are coming, each to a request that has its lock. */
async function bodies(adminUrl: string): Promise<number> {
  const answer = await fetch(new URL("metrics", adminUrl));
  return Number(/^pawl_uploads_active (\d+)$/m.exec(await answer.text())![1]);
}

async function soon(isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + LOOK_MS;
  while (!await isSo()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}
