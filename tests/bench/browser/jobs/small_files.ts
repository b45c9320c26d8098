import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { atLeast, atMost, type Bench, type Job, type Row, type Target, WrongResult } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { SMALL_BYTES } from "../../peers/peer.ts";
import { median } from "../../stats.ts";
import { type Felt, watch } from "../felt.ts";
import type { Conditions } from "../lane.ts";
import { startLine } from "../line.ts";
import { allShownDone, chooseFolder, pawlSite } from "../sites/pawl.ts";
import type { RunningSite } from "../sites/site.ts";
import { uppySite } from "../sites/uppy.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const FEW = 500;
const MANY = 10_000;

/** How long one turn takes at most unless all is asked for: the rate does not change after that. */
const LONGEST_MS = 60_000;

/**
 * How often the server's folder is looked at, in milliseconds. It has ten thousand files, and each look takes time from
 * the measured work. Near the end it is looked at more often, so that the last look is not late.
 */
const LOOK_MS = { most: 200, least: 20 };

interface Network {
  readonly name: string;
  /** The line between the browser and the server; without it the browser asks the server itself. */
  readonly conditions?: Conditions;
  /** The goal in files per second. */
  readonly must: number;
}

const NETWORKS: readonly Network[] = [
  { name: "150 ms", conditions: { rttMs: 150, bytesPerSecond: Infinity }, must: 600 },
  { name: "loopback", must: 1000 },
];
const MUST_GAP_MS = 100;
const MUST_HEAP_MB = 50;

/** Who sends files, how many, and how. */
interface Sender {
  readonly peer: string;
  readonly count: number;
  start(dir: string, signal: AbortSignal): Promise<RunningSite>;
  choose(page: Page, site: RunningSite, folder: string): Promise<void>;
}

interface Turn extends Felt {
  readonly perSecond: number;
}

/** A folder of photographs or of source text. */
export const smallFiles: Job = {
  name: "small",
  about: "files of 4 KiB, at a round trip of 150 ms and on loopback: files per second, frames, memory of the page",
  async run(bench) {
    const [few, many] = bench.extent === "quick" ? [FEW / 5, FEW] : [FEW, MANY];
    const present = await bench.present([uppySite]);
    // The Dashboard makes each of its rows at once.
    const senders = [pawlFolder(many), ...present.map(({ start }) => uppyFiles(few, start))];
    await using browser = await openBrowser(bench);
    const rows: Row[] = [];
    for (const { name, conditions } of NETWORKS) {
      const turns = new Map<Sender, Turn[]>(senders.map((sender) => [sender, []]));
      for (let round = 1; round <= bench.rounds; round++) {
        for (const sender of senders) {
          const folder = await lastingFolder(bench, "files");
          for (let number = 0; number < sender.count; number++) await writeSmall(folder, number);
          await using site = await sender.start(await lastingFolder(bench, "small"), bench.signal);
          await using line = conditions && await startLine(site.port, conditions);
          await using profile = await newProfile(browser);
          const page = await profile.newPage();
          await openIn(page, `http://127.0.0.1:${(line ?? site).port}/`);
          const turn = await takeTurn(bench, page, { sender, site, folder });
          turns.get(sender)!.push(turn);
          bench.say(
            `${sender.count} files, ${name}, round ${round} of ${bench.rounds}, ${sender.peer}: ${
              turn.perSecond.toFixed(0)
            }/s, longest gap ${turn.longestGapMs.toFixed(0)} ms, heap ${(turn.heapBytes / 1e6).toFixed(0)} MB`,
          );
        }
      }
      for (const [sender, own] of turns) rows.push(...rowsOf(name, sender, own));
    }
    return { rows, targets: targetsOf(rows) };
  },
};

async function takeTurn(
  bench: Bench,
  page: Page,
  { sender, site, folder }: { sender: Sender; site: RunningSite; folder: string },
): Promise<Turn> {
  await using watching = await watch(page);
  const choosing = sender.choose(page, site, folder);
  const chosenAt = await watching.chosenAt();
  await choosing;
  const endsAt = bench.extent === "full" ? Infinity : chosenAt + LONGEST_MS;
  let [done, at] = [0, chosenAt];
  while (done < sender.count && at < endsAt) {
    await watching.look();
    const remainingMs = (sender.count - done) * (at - chosenAt) / done;
    const waitMs = done === 0 ? LOOK_MS.most : Math.max(LOOK_MS.least, Math.min(LOOK_MS.most, remainingMs / 2));
    await delay(waitMs, undefined, { signal: bench.signal });
    [done, at] = [await site.doneCount(page), Date.now()];
  }
  if (done === 0) throw new WrongResult(`None of ${sender.count} files has arrived`);
  if (sender.peer === pawlSite.name && done === sender.count) await allShownDone(page);
  return { ...await watching.look(), perSecond: 1000 * done / (at - chosenAt) };
}

function pawlFolder(count: number): Sender {
  return {
    peer: pawlSite.name,
    count,
    start: pawlSite.start,
    choose: (page, _, folder) => chooseFolder(page, folder),
  };
}

function uppyFiles(count: number, start: Sender["start"]): Sender {
  return {
    peer: uppySite.name,
    count,
    start,
    choose: (page, site, folder) =>
      site.choose(page, Array.from({ length: count }, (_, number) => join(folder, nameOf(number)))),
  };
}

async function writeSmall(folder: string, number: number): Promise<void> {
  const text = `${number} `.repeat(SMALL_BYTES).slice(0, SMALL_BYTES);
  await Deno.writeTextFile(join(folder, nameOf(number)), text);
}

function nameOf(number: number): string {
  return `small-${number}.txt`;
}

function rowsOf(network: string, { peer, count }: Sender, turns: readonly Turn[]): Row[] {
  const what = `${count} files, ${network}`;
  return [
    { peer, what, unit: "/s", values: turns.map(({ perSecond }) => perSecond) },
    { peer, what: `${what}: longest gap`, unit: "ms", values: turns.map(({ longestGapMs }) => longestGapMs) },
    { peer, what: `${what}: heap`, unit: "MB", values: turns.map(({ heapBytes }) => heapBytes / 1e6) },
  ];
}

function targetsOf(rows: readonly Row[]): Target[] {
  const own = rows.filter(({ peer }) => peer === pawlSite.name);
  return NETWORKS.flatMap(({ name, must }, at) => {
    const [rate, gap, heap] = own.slice(3 * at).map(({ values }) => median(values));
    const target = atLeast(`${name}: files per second`, rate!, must);
    if (name !== "loopback") return [target];
    return [
      target,
      atMost(`${name}: longest gap, ms`, gap!, MUST_GAP_MS),
      atMost(`${name}: heap, MB`, heap!, MUST_HEAP_MB),
    ];
  });
}
