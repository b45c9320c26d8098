import { atMost, type Job } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { median } from "../../stats.ts";
import { startLine } from "../line.ts";
import { firstSafe, pawlSite } from "../sites/pawl.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;
const MUST_SECONDS = 6;

/** What is safe survives everything: on a bad line one waits for the first sign of it. */
export const firstSafeByte: Job = {
  name: "safe",
  about: "a large file at 50 kB/s: seconds until the page shows that the first byte is safe",
  async run(bench) {
    const bytesPerSecond = bench.extent === "quick" ? 2_000_000 : 50_000;
    const file = await bench.source(16 * MIB);
    await using browser = await openBrowser(bench);
    const values: number[] = [];
    for (let round = 1; round <= bench.rounds; round++) {
      await using site = await pawlSite.start(await lastingFolder(bench, "safe"), bench.signal);
      await using line = await startLine(site.port);
      await using profile = await newProfile(browser);
      const page = await profile.newPage();
      await openIn(page, `http://127.0.0.1:${line.port}/`);
      line.set({ bytesPerSecond });
      const begin = performance.now();
      await site.choose(page, [file.path]);
      await firstSafe(page);
      values.push((performance.now() - begin) / 1000);
      bench.say(`First safe byte, round ${round} of ${bench.rounds}: ${values.at(-1)!.toFixed(1)} s`);
    }
    const what = `first byte shown as safe, ${bytesPerSecond / 1000} kB/s`;
    return {
      rows: [{ peer: pawlSite.name, what, unit: "s", values }],
      targets: [atMost(`${what}: s`, median(values), MUST_SECONDS)],
    };
  },
};
