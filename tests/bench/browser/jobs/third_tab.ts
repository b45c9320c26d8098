import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import type { Browser, Page } from "playwright-core";
import { atMost, type Bench, type Job, type Row } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { median } from "../../stats.ts";
import { startLine } from "../line.ts";
import { pawlSite, sending } from "../sites/pawl.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;
const TABS = 2;
const FILES_PER_TAB = 3;

/** How long the uploads are under way when the third tab is opened: they have all connections that they take. */
const AHEAD_MS = 2000;

const MUST_SECONDS = 1;
const MUST_RATIO = 1.03;

/** A browser has six connections for a server: uploads must leave room for a person. */
export const thirdTab: Job = {
  name: "tabs",
  about: "a third tab while two upload at 600 kB/s: seconds until its buttons react, and what that costs the uploads",
  async run(bench) {
    await using browser = await openBrowser(bench);
    const rows = [
      { peer: "pawl", what: "a third tab: its buttons react", unit: "s", values: [] as number[] },
      { peer: "pawl", what: "uploads of two tabs, with a third", unit: "s", values: [] as number[] },
      { peer: "pawl", what: "uploads of two tabs, alone", unit: "s", values: [] as number[] },
    ] satisfies Row[];
    const [ready, beside, alone] = rows.map(({ values }) => values) as [number[], number[], number[]];
    for (let round = 1; round <= bench.rounds; round++) {
      const with3 = await takeTurn(bench, browser, true);
      const without = await takeTurn(bench, browser, false);
      ready.push(with3.readySeconds);
      beside.push(with3.seconds);
      alone.push(without.seconds);
      bench.say(
        `Third tab, round ${round} of ${bench.rounds}: ${with3.readySeconds.toFixed(1)} s, uploads ${
          with3.seconds.toFixed(1)
        } s, alone ${without.seconds.toFixed(1)} s`,
      );
    }
    return {
      rows,
      targets: [
        atMost("a third tab: its buttons react, s", median(ready), MUST_SECONDS),
        atMost("uploads: time with a third tab / alone", median(beside) / median(alone), MUST_RATIO),
      ],
    };
  },
};

async function takeTurn(
  bench: Bench,
  browser: Browser,
  hasThird: boolean,
): Promise<{ seconds: number; readySeconds: number }> {
  const isQuick = bench.extent === "quick";
  const files = await lastingFolder(bench, "tabs-files");
  const source = await bench.source((isQuick ? 2 : 4) * MIB);
  const pathOf = (tab: number, number: number) => join(files, `large-${tab}-${number}.bin`);
  const paths = Array.from(
    { length: TABS },
    (_, tab) => Array.from({ length: FILES_PER_TAB }, (_, number) => pathOf(tab, number)),
  );
  // A file of its own each: what a page remembers of one must not meet another.
  for (const path of paths.flat()) await Deno.copyFile(source.path, path);
  await using site = await pawlSite.start(await lastingFolder(bench, "tabs"), bench.signal);
  await using line = await startLine(site.port);
  await using profile = await newProfile(browser);
  const url = `http://127.0.0.1:${line.port}/`;
  const tabs: Page[] = [];
  for (let tab = 0; tab < TABS; tab++) {
    tabs.push(await profile.newPage());
    await openIn(tabs.at(-1)!, url);
  }
  const third = await profile.newPage();
  line.set({ bytesPerSecond: isQuick ? 2e6 : 600_000 });
  const begin = performance.now();
  for (const [tab, page] of tabs.entries()) await site.choose(page, paths[tab]!);
  for (const page of tabs) await sending(page, 1);
  await delay(AHEAD_MS, undefined, { signal: bench.signal });
  const opened = hasThird ? openIn(third, url) : undefined;
  for (const [tab, page] of tabs.entries()) {
    for (let number = 0; number < FILES_PER_TAB; number++) await site.fileDone(page, `large-${tab}-${number}.bin`);
  }
  const seconds = (performance.now() - begin) / 1000;
  return { seconds, readySeconds: (await opened)?.seconds ?? 0 };
}
