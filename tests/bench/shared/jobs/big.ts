import { createHash } from "node:crypto";
import { request } from "../../client.ts";
import { atLeast, type Bench, type Job, WrongResult } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { uploadHeaders } from "../../peers/pawl.ts";
import type { SourceFile } from "../../source.ts";
import { median } from "../../stats.ts";
import { usageOf } from "../../usage.ts";
import { startInstances } from "../peers/pawl.ts";
import { sdk, type SdkTurn, uploadBySdk } from "../peers/sdk.ts";
import { openStores, type Stores } from "../stores.ts";

const MIB = 2 ** 20;

/** One big file, to its final name. */
export const big: Job = {
  name: "big",
  about: "one upload of 1 GiB to its final name, beside the AWS SDK's own multipart upload of the same file",
  async run(bench) {
    const { signal, rounds } = bench;
    const hasSdk = (await bench.present([sdk])).length > 0;
    const size = (bench.extent === "quick" ? 64 : 1024) * MIB;
    const file = await bench.source(size);
    await using stores = await openStores();
    const turns: Record<string, SdkTurn[]> = { "pawl-shared": [], ...hasSdk && { [sdk.name]: [] } };
    for (let round = 1; round <= rounds; round++) {
      for (const [peer, own] of Object.entries(turns)) {
        const key = `files/${round}-${file.name}`;
        const turn = peer === sdk.name
          ? await uploadBySdk(stores, file.path, key, signal)
          : await uploadByPawl(bench, stores, file, key.slice("files/".length));
        await verify(stores, key, file);
        await stores.empty(signal);
        own.push(turn);
        bench.say(`${size / MIB} MiB, round ${round} of ${rounds}, ${peer}: ${turn.seconds.toFixed(2)} s`);
      }
    }
    const what = `${size / MIB} MiB`;
    const [ours, theirs] = Object.values(turns);
    const ratios = theirs?.map(({ seconds }, at) => seconds / ours![at]!.seconds);
    return {
      rows: Object.entries(turns).map(([peer, own]) => ({
        peer,
        what,
        unit: "s",
        values: own.map(({ seconds }) => seconds),
        cpuSeconds: own.map(({ cpuSeconds }) => cpuSeconds),
        peakBytes: own.map(({ peakBytes }) => peakBytes),
      })),
      targets: [atLeast(`${what}: rate / ${sdk.name}, median of pairs`, ratios ? median(ratios) : null, 0.9, 1)],
    };
  },
};

async function uploadByPawl(bench: Bench, stores: Stores, file: SourceFile, name: string): Promise<SdkTurn> {
  await using instances = await startInstances(stores, await lastingFolder(bench, "big"), 1);
  const [server] = instances.servers;
  const before = await usageOf(server!.pid);
  const begin = performance.now();
  const headers = uploadHeaders(name, file.size);
  await request({ method: "POST", url: `${server!.url}/upload`, headers, file }, bench.signal);
  const seconds = (performance.now() - begin) / 1000;
  const { cpuSeconds, peakBytes } = await usageOf(server!.pid);
  return { seconds, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes };
}

async function verify({ bucket: { bucket } }: Stores, key: string, { size, sha256 }: SourceFile): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of bucket.read({ key, from: 0, size })) hash.update(piece);
  if (hash.digest("hex") !== sha256) throw new WrongResult(`Stored something else than was sent: ${key}`);
}
