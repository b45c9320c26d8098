import { Buffer } from "node:buffer";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { settle } from "../../disk.ts";
import { type Bench, type Job, type Row, WrongResult } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { smallBody } from "../../peers/peer.ts";
import { chooseBare, sendLarge, sendSmall } from "../least_page.ts";
import { pawlSite } from "../sites/pawl.ts";
import { newProfile, openBrowser, openIn } from "../tabs.ts";

const MIB = 2 ** 20;

/** Something that is sent in two ways: as it is, and with digests. */
interface Load {
  readonly what: string;
  readonly path: string;
  /** How many files it has; undefined for one file. */
  readonly count?: number;
  readonly bytes: number;
  /** Gives what the server has: how many files, or bytes of one file. */
  send(page: Page, isHashed: boolean): Promise<number>;
}

/** The least that a page can do. A page that does more by the same means is hardly quicker. */
export const floor: Job = {
  name: "floor",
  about: "one file of 2 GiB, and files of 4 KiB, by the least page that there is: without digests, and with them",
  async run(bench) {
    const rows: Row[] = [];
    for (const load of [await largeLoad(bench), await smallLoad(bench)]) {
      const values = { sent: [] as number[], hashed: [] as number[] };
      for (let round = 1; round <= bench.rounds; round++) {
        for (const peer of ["sent", "hashed"] as const) {
          const seconds = await takeTurn(bench, load, peer === "hashed");
          values[peer].push(load.count === undefined ? seconds : load.count / seconds);
          bench.say(`${load.what}, round ${round} of ${bench.rounds}, ${peer}: ${seconds.toFixed(2)} s`);
        }
      }
      const unit = load.count === undefined ? "s" : "/s";
      rows.push(...Object.entries(values).map(([peer, values]) => ({ peer, what: load.what, unit, values })));
    }
    return { rows, targets: [] };
  },
};

async function largeLoad({ source, extent }: Bench): Promise<Load> {
  const { path, name, size, sha256 } = await source((extent === "quick" ? 64 : 2048) * MIB);
  const file = { "X-File-Id": name, "X-File-Size": String(size) };
  // A page would tell the digest at the end. Telling it first costs the server as much.
  const digest = { "Content-Digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:` };
  const send = (page: Page, isHashed: boolean) => sendLarge(page, isHashed ? { ...file, ...digest } : file, isHashed);
  return { what: `${size / MIB} MiB`, path, bytes: size, send };
}

async function smallLoad(bench: Bench): Promise<Load> {
  const [path, count] = [await lastingFolder(bench, "files"), bench.extent === "quick" ? 500 : 10_000];
  for (let number = 0; number < count; number++) await Deno.writeTextFile(join(path, `${number}.txt`), smallBody());
  return { what: `${count} files of 4 KiB`, path, count, bytes: 0, send: sendSmall };
}

/** Gives the seconds that a fresh browser takes to send to a fresh server. */
async function takeTurn(bench: Bench, { path, count, bytes, send }: Load, isHashed: boolean): Promise<number> {
  const { dir, extent, signal } = bench;
  await using site = await pawlSite.start(await lastingFolder(bench, "floor"), signal);
  await using browser = await openBrowser(bench);
  await using profile = await newProfile(browser);
  const page = await profile.newPage();
  await openIn(page, `http://127.0.0.1:${site.port}/`);
  await chooseBare(page, path, { isFolder: count !== undefined });
  await settle(dir, { bytes: bytes * 1.25, patient: extent !== "quick" }, signal);
  const begin = performance.now();
  const safe = await send(page, isHashed);
  if (safe !== (count ?? bytes)) throw new WrongResult(`The server has ${safe}, not ${count ?? bytes}`);
  return (performance.now() - begin) / 1000;
}
