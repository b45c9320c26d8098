import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import type { Browser, Page } from "playwright-core";
import { filesBelow } from "../../../faults/run.ts";
import { keyHashOf, makeCertificate, writeCertificate } from "../../../support/certificates.ts";
import { startPawl } from "../../../support/process.ts";
import { atMost, type Bench, type Job, type Row, WrongResult } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { SMALL_BYTES } from "../../peers/peer.ts";
import { median } from "../../stats.ts";
import { watch } from "../felt.ts";
import type { Conditions } from "../lane.ts";
import { startLine } from "../line.ts";
import { allShownDone, chooseFolder } from "../sites/pawl.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;
const SLOW: Conditions = { rttMs: 150, bytesPerSecond: 200_000 };
const LARGE_MIB = 16;
const COUNT = 100;
const LOOK_MS = 20;

/** The goal for everything: as quick as plain HTTP/1.1, but for the round trip in which TLS begins. */
const MUST_RATIO = 1.1;
const TLS_SECONDS = SLOW.rttMs / 1000;

/** The two ways to the same server. */
const WAYS = ["http/1.1", "https, h2"] as const;
type Way = typeof WAYS[number];

/** Seconds of one turn, by what was done. */
type Turn = Readonly<Record<typeof WHATS[number], number>>;

const WHATS = [
  "first load, 150 ms, 1.6 Mbit/s",
  "reload, 150 ms, 1.6 Mbit/s",
  `${COUNT} files of 4 KiB, 150 ms, 1.6 Mbit/s`,
  `${LARGE_MIB} MiB, 150 ms`,
] as const;

/** A server that speaks TLS itself, beside the same one without. */
export const http2: Job = {
  name: "http2",
  about: "the page over Pawl's own TLS and HTTP/2 beside plain HTTP/1.1: loads, small files and a large one, at 150 ms",
  async run(bench) {
    const certificate = await makeCertificate();
    const pair = await writeCertificate(await lastingFolder(bench, "certificate"), certificate);
    const args = { "http/1.1": [], "https, h2": ["--cert", pair.certFile, "--key", pair.keyFile] };
    await using browser = await openBrowser(bench, { trustedKeys: [keyHashOf(certificate)] });
    const files = await lastingFolder(bench, "files");
    await writeFiles(bench, files);
    const turns: Record<Way, Turn[]> = { "http/1.1": [], "https, h2": [] };
    // The first page of a browser pays for its start.
    await takeTurn(bench, browser, { way: "http/1.1", args: [], files });
    for (let round = 1; round <= bench.rounds; round++) {
      for (const way of WAYS) {
        const turn = await takeTurn(bench, browser, { way, args: args[way], files });
        turns[way].push(turn);
        const figures = WHATS.map((what) => turn[what].toFixed(2)).join(" s, ");
        bench.say(`Round ${round} of ${bench.rounds}, ${way}: ${figures} s`);
      }
    }
    const of = (way: Way, what: typeof WHATS[number]) => median(turns[way].map((turn) => turn[what]));
    const rows = WHATS.flatMap((what) =>
      WAYS.map((way): Row => ({ peer: way, what, unit: "s", values: turns[way].map((turn) => turn[what]) }))
    );
    const targets = WHATS.map((what) => {
      const handshake = what.startsWith("first load") ? TLS_SECONDS : 0;
      return atMost(`${what}: h2 / http/1.1`, (of("https, h2", what) - handshake) / of("http/1.1", what), MUST_RATIO);
    });
    return { rows, targets };
  },
};

async function writeFiles(bench: Bench, folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "small"));
  for (let number = 0; number < COUNT; number++) {
    const text = `${number} `.repeat(SMALL_BYTES).slice(0, SMALL_BYTES);
    await Deno.writeTextFile(join(folder, "small", `${number}.txt`), text);
  }
  await Deno.copyFile((await bench.source(LARGE_MIB * MIB)).path, join(folder, "large.bin"));
}

async function takeTurn(
  bench: Bench,
  browser: Browser,
  { way, args, files }: { way: Way; args: string[]; files: string },
): Promise<Turn> {
  const data = await lastingFolder(bench, "http2");
  await using server = await startPawl(data, { args });
  await using line = await startLine(server.port, SLOW);
  await using profile = await newProfile(browser);
  const page = await profile.newPage();
  const first = await openIn(page, `${new URL(server.url).protocol}//127.0.0.1:${line.port}/`);
  await page.waitForLoadState("networkidle");
  await spokenAs(page, way);
  const again = await openIn(page);
  await page.waitForLoadState("networkidle");
  const small = await timeOf(bench, page, data, COUNT, () => chooseFolder(page, join(files, "small")));
  line.set({ bytesPerSecond: Infinity });
  // A page that has seen nothing of the slow line.
  await openIn(page);
  await page.waitForLoadState("networkidle");
  const choose = () => page.setInputFiles("#files", join(files, "large.bin"));
  const large = await timeOf(bench, page, data, COUNT + 1, choose);
  const seconds = [first.seconds, again.seconds, small, large];
  return Object.fromEntries(WHATS.map((what, at) => [what, seconds[at]])) as Turn;
}

/** Throws unless the page came by the protocol that is measured. */
async function spokenAs(page: Page, way: Way): Promise<void> {
  const spoken = await page.evaluate(() => performance.getEntriesByType("navigation").map((entry) => entry.toJSON()));
  const { nextHopProtocol } = spoken[0] as { nextHopProtocol: string };
  if (nextHopProtocol !== (way === "http/1.1" ? "http/1.1" : "h2")) {
    throw new WrongResult(`${way} was spoken as ${nextHopProtocol}`);
  }
}

/** Seconds from the choice until the server has so many files, which the page then shows as done. */
async function timeOf(
  { signal }: Bench,
  page: Page,
  data: string,
  count: number,
  choose: () => Promise<void>,
): Promise<number> {
  await using watching = await watch(page);
  const choosing = choose();
  const chosenAt = await watching.chosenAt();
  await choosing;
  while ((await filesBelow(join(data, "files"))).length < count) await delay(LOOK_MS, undefined, { signal });
  const seconds = (Date.now() - chosenAt) / 1000;
  await allShownDone(page);
  return seconds;
}
