import { launchBrowser } from "../../support/browser_process.ts";
import { answerTimes, watched, watchFrames, writeMany } from "../../support/many_files.ts";
import { startSite } from "../../support/test_site.ts";
import { atMost, type Job, type Row } from "../job.ts";
import { median } from "../stats.ts";

const FEW = 500;
const MANY = 10_000;

/** A page with ten thousand files must answer as one with some hundred. */
export const page: Job = {
  name: "page",
  about: "the page with 500 and with 10 000 files: how long it stands still, and how soon it answers to a click",
  async run(bench) {
    const rows: Row[] = [];
    await using browser = await launchBrowser();
    for (const count of [FEW, MANY]) {
      const gaps: number[] = [];
      const answers: number[] = [];
      for (let round = 1; round <= bench.rounds; round++) {
        await using site = await startSite();
        await using context = await browser.newContext();
        const tab = await context.newPage();
        await tab.goto(site.pawl.url);
        await tab.locator("html[data-ready=all]").waitFor();
        await watchFrames(tab);
        await tab.setInputFiles("#folder", writeMany(site, count));
        answers.push(...await answerTimes(tab));
        const { longestGapMs, handlerMs } = await watched(tab);
        gaps.push(Math.max(longestGapMs, handlerMs));
        bench.say(
          `page, ${count} files, round ${round} of ${bench.rounds}: stood still for ${gaps.at(-1)!.toFixed(0)} ms`,
        );
      }
      rows.push({ peer: "page", what: `${count} files: longest stand-still`, unit: "ms", values: gaps });
      rows.push({ peer: "page", what: `${count} files: answer to a click`, unit: "ms", values: answers });
    }
    const growth = (at: number) => median(rows[at + 2]!.values) / median(rows[at]!.values);
    return {
      rows,
      targets: [
        atMost(`longest stand-still: ${MANY} / ${FEW} files`, growth(0), 10, 5),
        atMost(`answer to a click: ${MANY} / ${FEW} files`, growth(1), 3, 1.5),
      ],
    };
  },
};
