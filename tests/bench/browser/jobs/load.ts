import type { Browser } from "playwright-core";
import { atMost, type Bench, type Job, type Row } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { median } from "../../stats.ts";
import type { Conditions } from "../lane.ts";
import { LOOPBACK, startLine } from "../line.ts";
import { pawlSite } from "../sites/pawl.ts";
import type { Site } from "../sites/site.ts";
import { uppySite } from "../sites/uppy.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

interface Network {
  readonly name: string;
  readonly conditions: Conditions;
  /** The goals for the first load and for a reload, in seconds. */
  readonly must: readonly [number, number];
}

const NETWORKS: readonly Network[] = [
  { name: "150 ms, 1.6 Mbit/s", conditions: { rttMs: 150, bytesPerSecond: 200_000 }, must: [0.7, 0.3] },
  { name: "400 ms, 400 kbit/s", conditions: { rttMs: 400, bytesPerSecond: 50_000 }, must: [2, 0.6] },
];
const MUST_REQUESTS = 8;
const UNITS = ["s", "requests", "kB", "s", "requests", "kB"];

/** The time until a page can be used, on the networks that Pawl is made for. */
export const load: Job = {
  name: "load",
  about: "the page until its buttons react, on two slow networks: the first time, and when it is loaded again",
  async run(bench) {
    const sites = await bench.present([pawlSite, uppySite]);
    await using browser = await openBrowser(bench);
    const rows: Row[] = [];
    // The first page of a browser pays for its start.
    for (const site of sites) await takeTurn(bench, browser, site, LOOPBACK);
    for (const network of NETWORKS) {
      const turns = new Map<Site, number[][]>(sites.map((site) => [site, []]));
      for (let round = 1; round <= bench.rounds; round++) {
        for (const site of sites) {
          const turn = await takeTurn(bench, browser, site, network.conditions);
          turns.get(site)!.push(turn);
          bench.say(
            `${network.name}, round ${round} of ${bench.rounds}, ${site.name}: ${turn[0]!.toFixed(2)} s with ${
              turn[1]
            } requests, again ${turn[3]!.toFixed(2)} s with ${turn[4]}`,
          );
        }
      }
      for (const [{ name }, own] of turns) rows.push(...rowsOf(network, name, own));
    }
    const of = (network: Network, index: number) =>
      median(rows.filter(({ peer, what }) => peer === "pawl" && what.endsWith(network.name))[index]!.values);
    return {
      rows,
      targets: NETWORKS.flatMap((network) => [
        atMost(`first load, ${network.name}: s`, of(network, 0), network.must[0]),
        atMost(`first load, ${network.name}: requests`, of(network, 1), MUST_REQUESTS),
        atMost(`reload, ${network.name}: s`, of(network, 3), network.must[1]),
      ]),
    };
  },
};

function rowsOf({ name }: Network, peer: string, turns: readonly number[][]): Row[] {
  return UNITS.map((unit, at) => {
    const what = `${at < 3 ? "first load" : "reload"}, ${name}`;
    return { peer, what, unit, values: turns.map((turn) => turn[at]!) };
  });
}

/** Gives seconds, requests and kB of the first load, then of the reload, by the connections that are there. */
async function takeTurn(bench: Bench, browser: Browser, site: Site, conditions: Conditions): Promise<number[]> {
  await using running = await site.start(await lastingFolder(bench, "load"), bench.signal);
  await using line = await startLine(running.port, conditions);
  await using profile = await newProfile(browser);
  const page = await profile.newPage();
  const first = await openIn(page, `http://127.0.0.1:${line.port}/`);
  await page.waitForLoadState("networkidle");
  const received = line.received;
  const again = await openIn(page);
  await page.waitForLoadState("networkidle");
  return [
    first.seconds,
    first.requests,
    received / 1000,
    again.seconds,
    again.requests,
    (line.received - received) / 1000,
  ];
}
