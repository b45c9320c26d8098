import { createHash } from "node:crypto";
import { headOf, writeFully } from "../client.ts";
import { atMost, type Bench, type Job, WrongResult } from "../job.ts";
import { lastingFolder } from "../measure.ts";
import { nginx } from "../peers/nginx.ts";
import { pawl } from "../peers/pawl.ts";
import type { RunningPeer } from "../peers/peer.ts";
import type { SourceFile } from "../source.ts";
import { ratio } from "../stats.ts";
import { usageOf, usageWhenQuiet } from "../usage.ts";

const MIB = 2 ** 20;
const BUFFER_BYTES = 256 << 10;

/** The most that the head of an answer may take, in bytes. */
const MAX_HEAD_BYTES = 8192;

/** A finished file, sent back. */
export const download: Job = {
  name: "download",
  about: "download of 1 GiB, read to nowhere, beside nginx",
  async run(bench) {
    const size = (bench.extent === "quick" ? 64 : 1024) * MIB;
    const what = `download of ${size / MIB} MiB`;
    const file = await bench.source(size);
    const peers = await bench.present([pawl, nginx]);
    const rows = peers.map(({ name }) => ({
      peer: name,
      what,
      unit: "s",
      values: [] as number[],
      cpuSeconds: [] as number[],
      peakBytes: [] as number[],
    }));
    await using servers = new AsyncDisposableStack();
    const running: RunningPeer[] = [];
    for (const peer of peers) {
      running.push(servers.use(await peer.start(await lastingFolder(bench, "download"), bench.signal)));
      await prepare(bench, running.at(-1)!, file);
    }
    for (let round = 1; round <= bench.rounds; round++) {
      for (const [i, { name }] of peers.entries()) {
        const { seconds, cpuSeconds, peakBytes } = await takeTurn(bench, running[i]!, file);
        rows[i]!.values.push(seconds);
        rows[i]!.cpuSeconds.push(cpuSeconds);
        rows[i]!.peakBytes.push(peakBytes);
        bench.say(`${what}, round ${round} of ${bench.rounds}, ${name}: ${seconds.toFixed(3)} s`);
      }
    }
    return { rows, targets: [atMost("time / nginx", ratio(rows, what, pawl.name, nginx.name), 1.3)] };
  },
};

/** Uploads the file, and proves that it comes back as it was; which also warms the server up. */
async function prepare({ signal }: Bench, running: RunningPeer, file: SourceFile): Promise<void> {
  await running.upload(file, signal);
  const url = addressOf(running, file);
  const hash = createHash("sha256");
  await get(url, file.size, signal, (piece) => hash.update(piece));
  if (hash.digest("hex") !== file.sha256) throw new WrongResult(`Another file came back from ${url}`);
}

async function takeTurn({ signal }: Bench, running: RunningPeer, file: SourceFile) {
  if (running.pid === undefined) throw new Error("This peer has no process");
  const before = await usageWhenQuiet(running.pid, signal);
  const start = performance.now();
  await get(addressOf(running, file), file.size, signal);
  const seconds = (performance.now() - start) / 1000;
  const { cpuSeconds, peakBytes } = await usageOf(running.pid);
  return { seconds, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes };
}

function addressOf(running: RunningPeer, file: SourceFile): string {
  if (running.address === undefined) throw new Error("This peer gives no files back");
  return running.address(file);
}

/** Reads the whole answer; throws {@linkcode WrongResult} unless it is 200 with a body of `size` bytes. */
async function get(url: string, size: number, signal: AbortSignal, use?: (piece: Uint8Array) => void): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port), signal });
  await writeFully(connection, new TextEncoder().encode(headOf("GET", url, { Connection: "close" })));
  const buffer = new Uint8Array(BUFFER_BYTES);
  const decoder = new TextDecoder("latin1");
  let head = "";
  let received = 0;
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    signal.throwIfAborted();
    let piece = buffer.subarray(0, count);
    if (!head.includes("\r\n\r\n")) {
      const before = head.length;
      head += decoder.decode(piece.subarray(0, MAX_HEAD_BYTES));
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) continue;
      piece = piece.subarray(end + 4 - before);
    }
    received += piece.length;
    use?.(piece);
  }
  if (!head.startsWith("HTTP/1.1 200 ")) throw new WrongResult(`${url} answered ${head.slice(0, 100)}`);
  if (received !== size) throw new WrongResult(`${url} gave ${received} bytes of ${size}`);
}
