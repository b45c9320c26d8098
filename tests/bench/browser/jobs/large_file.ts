// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Page } from "playwright-core";
import { run, settle } from "../../disk.ts";
import { atMost, type Bench, type Candidate, type Job, type Row, WrongResult } from "../../job.ts";
import type { SourceFile } from "../../source.ts";
import { median, ratio } from "../../stats.ts";
import { usageOf } from "../../usage.ts";
import { rendererUsage } from "../felt.ts";
import { pawlSite } from "../sites/pawl.ts";
import type { RunningSite, Site } from "../sites/site.ts";
import { uppySite } from "../sites/uppy.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;
const MUST_RATIO = 1.05;
const MUST_MB = 250;

/** A way to send a file from a browser. */
interface Sender extends Candidate {
  readonly site: Site;
  send(page: Page, site: RunningSite, file: SourceFile): Promise<void>;
}

const pawl: Sender = { ...pawlSite, site: pawlSite, send: sendByPage };
const uppy: Sender = { ...uppySite, site: uppySite, send: sendByPage };

/** The least that a browser can do: one request of the simple protocol, without pieces or checksums. */
const bare: Sender = {
  name: "bare-xhr",
  note: "one XMLHttpRequest with the whole file, to the same server",
  missing: () => Promise.resolve(undefined),
  site: pawlSite,
  async send(page, _, { path, name, size }) {
    await page.evaluate(() => {
      document.body.innerHTML = "<input type=file id=bare>";
    });
    await page.setInputFiles("#bare", path);
    const answer = await page.evaluate(([name, size]) => {
      const [file] = document.querySelector<HTMLInputElement>("#bare")!.files!;
      const request = new XMLHttpRequest();
      request.open("POST", "/upload");
      const headers = { "X-File-Id": name, "X-Start-Byte": "0", "X-File-Size": size, "X-File-Name": name };
      for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
      return new Promise<string>((resolve) => {
        request.onloadend = () => resolve(request.responseText);
        request.send(file!);
      });
    }, [name, String(size)] as const);
    if (answer !== `Success ${size}`) throw new WrongResult(`Expected Success ${size}: ${answer}`);
  },
};

interface Turn {
  readonly seconds: number;
  readonly serverCpuSeconds: number;
  readonly serverPeakBytes: number;
  readonly rendererBytes: number;
  readonly rendererCpuSeconds: number;
}

/** A film on a quick line: the page must not be what is slow. */
export const largeFile: Job = {
  name: "large",
  about: "one file of 2 GiB on loopback, with checksums, beside a bare XMLHttpRequest: seconds, memory of the page",
  async run(bench) {
    const size = (bench.extent === "quick" ? 64 : 2048) * MIB;
    const what = `${size / MIB} MiB`;
    const file = await bench.source(size);
    const senders = await bench.present([pawl, bare, uppy]);
    const turns = new Map<Sender, Turn[]>(senders.map((sender) => [sender, []]));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const sender of senders) {
        const turn = await takeTurn(bench, sender, file);
        turns.get(sender)!.push(turn);
        bench.say(
          `${what}, round ${round} of ${bench.rounds}, ${sender.name}: ${turn.seconds.toFixed(2)} s, renderer ${
            (turn.rendererBytes / 1e6).toFixed(0)
          } MB and ${turn.rendererCpuSeconds.toFixed(1)} s of CPU`,
        );
      }
    }
    const rows = [...turns].flatMap(([{ name }, own]) => rowsOf(what, name, own));
    const peaks = turns.get(pawl)!.map(({ rendererBytes }) => rendererBytes);
    return {
      rows,
      targets: [
        atMost(`${what}: time / bare XMLHttpRequest`, ratio(rows, what, pawl.name, bare.name), MUST_RATIO),
        atMost(`${what}: renderer's peak memory, MB`, median(peaks) / 1e6, MUST_MB),
      ],
    };
  },
};

async function sendByPage(page: Page, site: RunningSite, { path, name }: SourceFile): Promise<void> {
  await site.choose(page, [path]);
  await site.fileDone(page, name);
}

/** Measures a fresh server and a fresh browser, and removes what has arrived. */
async function takeTurn(bench: Bench, { site, send }: Sender, file: SourceFile): Promise<Turn> {
  const { dir, extent, signal } = bench;
  const own = await Deno.makeTempDir({ dir, prefix: "turn-" });
  try {
    await using running = await site.start(own, signal);
    await using browser = await openBrowser(bench);
    await using profile = await newProfile(browser);
    const page = await profile.newPage();
    await openIn(page, `http://127.0.0.1:${running.port}/`);
    await settle(dir, { bytes: file.size * 1.25, patient: extent !== "quick" }, signal);
    const before = await usageOf(running.pid);
    const beforeInPage = await rendererUsage(browser);
    const begin = performance.now();
    await send(page, running, file);
    const seconds = (performance.now() - begin) / 1000;
    const [after, inPage] = [await usageOf(running.pid), await rendererUsage(browser)];
    await run("cmp", [file.path, await running.received(page, file.name)], signal);
    return {
      seconds,
      serverCpuSeconds: after.cpuSeconds - before.cpuSeconds,
      serverPeakBytes: after.peakBytes,
      rendererBytes: inPage.peakBytes,
      rendererCpuSeconds: inPage.cpuSeconds - beforeInPage.cpuSeconds,
    };
  } finally {
    await Deno.remove(own, { recursive: true });
  }
}

function rowsOf(what: string, peer: string, turns: readonly Turn[]): Row[] {
  return [
    {
      peer,
      what,
      unit: "s",
      values: turns.map(({ seconds }) => seconds),
      cpuSeconds: turns.map(({ serverCpuSeconds }) => serverCpuSeconds),
      peakBytes: turns.map(({ serverPeakBytes }) => serverPeakBytes),
    },
    { peer, what: `${what}: renderer's memory`, unit: "MB", values: turns.map((turn) => turn.rendererBytes / 1e6) },
    { peer, what: `${what}: renderer's CPU`, unit: "s", values: turns.map((turn) => turn.rendererCpuSeconds) },
  ];
}
