import { join } from "@std/path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { atMost, type Bench, type Job } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { median } from "../../stats.ts";
import { startLine } from "../line.ts";
import { pawlSite } from "../sites/pawl.ts";
import type { Site } from "../sites/site.ts";
import { uppySite } from "../sites/uppy.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;
const BYTES_PER_SECOND = 1e6;
const LARGE_FILES = 3;
const SMALL_BYTES = 2000;
const MUST_SECONDS = 2;

/** How long the large files are under way when the small one is chosen: all have begun. */
const AHEAD_MS = 2000;

/** A note that is sent while a film goes. */
export const behindLarge: Job = {
  name: "behind",
  about: "a file of 2 kB, chosen while three large ones are sent at 1 MB/s: seconds until it is done",
  async run(bench) {
    const sites = await bench.present([pawlSite, uppySite]);
    await using browser = await openBrowser(bench);
    const turns = new Map<Site, number[]>(sites.map((site) => [site, []]));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const site of sites) {
        const seconds = await takeTurn(bench, browser, site);
        turns.get(site)!.push(seconds);
        bench.say(
          `2 kB behind three large files, round ${round} of ${bench.rounds}, ${site.name}: ${seconds.toFixed(1)} s`,
        );
      }
    }
    const what = "2 kB behind three large files, 1 MB/s";
    return {
      rows: [...turns].map(([{ name: peer }, values]) => ({ peer, what, unit: "s", values })),
      targets: [atMost(`${what}: s`, median(turns.get(pawlSite)!), MUST_SECONDS)],
    };
  },
};

async function takeTurn(bench: Bench, browser: Browser, site: Site): Promise<number> {
  const files = await lastingFolder(bench, "behind-files");
  const source = await bench.source((bench.extent === "quick" ? 3 : 8) * MIB);
  const large = Array.from({ length: LARGE_FILES }, (_, number) => join(files, `large-${number}.bin`));
  for (const path of large) await Deno.link(source.path, path);
  const small = join(files, "note.txt");
  await Deno.writeFile(small, new Uint8Array(SMALL_BYTES).fill(65));
  await using running = await site.start(await lastingFolder(bench, "behind"), bench.signal);
  await using line = await startLine(running.port);
  await using profile = await newProfile(browser);
  const page = await profile.newPage();
  await openIn(page, `http://127.0.0.1:${line.port}/`);
  line.set({ bytesPerSecond: BYTES_PER_SECOND });
  await running.choose(page, large);
  await delay(AHEAD_MS, undefined, { signal: bench.signal });
  const begin = performance.now();
  await running.choose(page, [small]);
  await running.fileDone(page, "note.txt");
  return (performance.now() - begin) / 1000;
}
