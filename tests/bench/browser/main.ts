import { launchBrowser } from "../../support/browser_process.ts";
import { runSuite } from "../suite.ts";
import { JOBS } from "./jobs/all.ts";

await runSuite({
  task: "bench:browser",
  jobs: JOBS,
  extents: {
    quick: "one round with small sizes: a smoke test of every job in two minutes, not a measurement",
    full: "ten thousand files to their end, however long that takes: 60 seconds of it otherwise",
  },
  rounds: 3,
  async version() {
    await using browser = await launchBrowser();
    return `Chromium ${browser.version()}`;
  },
});
