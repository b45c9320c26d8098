import { setTimeout as delay } from "node:timers/promises";
import { atMost, type Bench, type Job, type Row } from "../../job.ts";
import { lastingFolder } from "../../measure.ts";
import { startInstances } from "../peers/pawl.ts";
import { startTusS3, tusS3 } from "../peers/tus_s3.ts";
import { openStores, type Stores } from "../stores.ts";
import { openTusClient } from "../tus_client.ts";

const LENGTH = 40_000_000;
const ACKNOWLEDGED = 3_000_000;
/** How many further bytes the server has taken when it is killed. */
const TAKEN = 3_000_000;

/** A server that can be killed, and one that goes on. */
interface Mortal extends AsyncDisposable {
  readonly url: string;
  kill(): Promise<void>;
}

type Start = (stores: Stores, dir: string) => Promise<Mortal>;

const startPawl: Start = async (stores, dir) => {
  const instances = await startInstances(stores, dir, 1);
  const [server] = instances.servers;
  return {
    url: `${server!.url}/files`,
    kill: async () => void await server!.stop("SIGKILL"),
    [Symbol.asyncDispose]: () => instances[Symbol.asyncDispose](),
  };
};

const startTus: Start = async (stores, dir) => {
  const server = await startTusS3(stores, dir);
  return { ...server, kill: async () => await server[Symbol.asyncDispose]() };
};

/** What a kill takes back of the bytes that a client was told are there. */
export const killed: Job = {
  name: "killed",
  about: "kill -9 in the middle of a request: how many acknowledged bytes another process finds, beside @tus/s3-store",
  async run(bench) {
    await using stores = await openStores();
    const peers: [string, Start][] = [["pawl-shared", startPawl]];
    if ((await bench.present([tusS3])).length > 0) peers.push([tusS3.name, startTus]);
    const what = `${ACKNOWLEDGED} bytes acknowledged, killed in the next request`;
    const rows: (Row & { values: number[] })[] = peers.map(([peer]) => ({
      peer,
      what: `${what}: lost`,
      unit: "B",
      values: [],
    }));
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [at, [peer, start]] of peers.entries()) {
        const lost = await kill(bench, stores, start);
        rows[at]!.values.push(lost);
        bench.say(`${what}, round ${round} of ${bench.rounds}, ${peer}: ${lost} lost`);
      }
    }
    return { rows, targets: [atMost("killed -9: acknowledged bytes lost, the most", Math.max(...rows[0]!.values), 0)] };
  },
};

/** Gives how many acknowledged bytes are lost. */
async function kill(bench: Bench, stores: Stores, start: Start): Promise<number> {
  const dir = await lastingFolder(bench, "killed");
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  let path: string;
  {
    await using first = await start(stores, dir);
    using client = await openTusClient(first.url);
    path = await client.create(LENGTH, "killed.bin");
    await client.append(path, 0, repeated(bytes, ACKNOWLEDGED));
    // Slowly, so that the kill comes in the middle of it.
    const { promise: isUnderWay, resolve } = Promise.withResolvers<void>();
    const sending = sendSlowly(first.url, path, bytes, resolve);
    await Promise.race([isUnderWay, sending]);
    bench.signal.throwIfAborted();
    await first.kill();
    await sending;
  }
  await using other = await start(stores, dir);
  using client = await openTusClient(other.url);
  return Math.max(0, ACKNOWLEDGED - (await client.offset(path) ?? 0));
}

async function sendSlowly(url: string, path: string, bytes: Uint8Array, underWay: () => void): Promise<void> {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await delay(20);
      if (taken > TAKEN) underWay();
      taken += bytes.length;
      controller.enqueue(bytes.slice());
    },
  }, { highWaterMark: 0 });
  const headers = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": String(ACKNOWLEDGED),
    "Content-Type": "application/offset+octet-stream",
  };
  try {
    await (await fetch(new URL(path, url), { method: "PATCH", headers, body: body as BodyInit })).body?.cancel();
  } catch {
    // The server was killed.
  }
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  for (let at = 0; at < length; at += bytes.length) all.set(bytes.subarray(0, length - at), at);
  return all;
}
