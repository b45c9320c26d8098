import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import { startPawl } from "../../support/process.ts";
import { run, settle } from "../disk.ts";
import { openExchange } from "../exchange.ts";
import { headOf } from "../client.ts";
import { atLeast, atMost, type Bench, type Extent, type Job, type Row, WrongResult } from "../job.ts";
import { uploadHeaders } from "../peers/pawl.ts";
import type { SourceFile } from "../source.ts";
import { median, percentile, ratio } from "../stats.ts";
import { usageOf } from "../usage.ts";

const MIB = 2 ** 20;
const ASK_EVERY_MS = 5;

/** The sizes of one upload, of each of eight at once, and of the one that shows whether memory grows; bytes. */
const EXTENTS: Record<Extent, { one: number; eight: number; large: number }> = {
  quick: { one: 64 * MIB, eight: 16 * MIB, large: 128 * MIB },
  default: { one: 1024 * MIB, eight: 256 * MIB, large: 4096 * MIB },
  full: { one: 1024 * MIB, eight: 256 * MIB, large: 4096 * MIB },
};

const PEERS = ["length", "chunked"] as const;

/** How a body comes: with its length, or without one, in the chunks that curl makes of it (64 KiB). */
type Way = typeof PEERS[number];

/** Bodies without a length: as quick as others, in as little memory, and no burden to anybody else. */
export const chunked: Job = {
  name: "chunked",
  about: "bodies without a length, by curl -T, beside those with one: time, memory, answers to others meanwhile",
  async run(bench) {
    const { one, eight, large } = EXTENTS[bench.extent];
    const loads = [
      { what: `1 × ${one / MIB} MiB`, size: one, count: 1, rounds: bench.rounds },
      { what: `8 × ${eight / MIB} MiB`, size: eight, count: 8, rounds: bench.rounds },
      { what: `1 × ${large / MIB} MiB`, size: large, count: 1, rounds: 1 },
    ];
    const rows: Row[] = [];
    const answers = new Map<string, number[]>();
    for (const { what, size, count, rounds } of loads) {
      const turns = new Map<Way, Turn[]>(PEERS.map((way) => [way, []]));
      for (let round = 1; round <= rounds; round++) {
        for (const way of PEERS) {
          const turn = await takeTurn(bench, way, { source: await bench.source(size), count });
          turns.get(way)!.push(turn);
          const p99 = percentile(turn.answersMs, 0.99);
          bench.say(
            `${what}, round ${round} of ${rounds}, ${way}: ${turn.seconds.toFixed(3)} s, peak ${
              (turn.peakBytes / 1e6).toFixed(0)
            } MB, answers to others p99 ${p99.toFixed(1)} ms of ${turn.answersMs.length}`,
          );
        }
      }
      for (const [way, own] of turns) {
        rows.push({
          peer: way,
          what,
          unit: "s",
          values: own.map(({ seconds }) => seconds),
          cpuSeconds: own.map(({ cpuSeconds }) => cpuSeconds),
          peakBytes: own.map(({ peakBytes }) => peakBytes),
        });
        if (way === "chunked") answers.set(what, own.map(({ answersMs }) => percentile(answersMs, 0.99)));
      }
    }
    const peaks = rows.filter(({ peer }) => peer === "chunked").flatMap(({ peakBytes = [] }) => peakBytes);
    return {
      rows,
      targets: [
        ...loads.map(({ what }) => atLeast(`${what}: speed chunked / with a length`, inverse(rows, what), 0.5)),
        atMost("chunked: peak memory, MB", Math.max(...peaks) / 1e6, 150),
        ...loads.map(({ what }) =>
          atMost(`${what}, chunked: answers to others, p99, ms`, median(answers.get(what)!), 50)
        ),
      ],
    };
  },
};

interface Turn {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** How long each of the answers took that another client was given meanwhile. */
  readonly answersMs: readonly number[];
}

async function takeTurn(
  bench: Bench,
  way: Way,
  { source, count }: { source: SourceFile; count: number },
): Promise<Turn> {
  const dir = await Deno.makeTempDir({ dir: bench.dir, prefix: "turn-" });
  try {
    await using server = await startPawl(dir);
    await settle(bench.dir, { bytes: source.size * count * 1.25, patient: bench.extent !== "quick" }, bench.signal);
    const before = await usageOf(server.pid);
    const done = new AbortController();
    const asking = ask(server.port, done.signal);
    const start = performance.now();
    const names = Array.from({ length: count }, (_, i) => `${i}-${source.name}`);
    await Promise.all(names.map((name) => send(`${server.url}/upload`, way, { source, name }, bench.signal)));
    const seconds = (performance.now() - start) / 1000;
    done.abort();
    const answersMs = await asking;
    const { cpuSeconds, peakBytes } = await usageOf(server.pid);
    for (const name of names) await run("cmp", [source.path, join(dir, "files", name)], bench.signal);
    return { seconds, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes, answersMs };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Sends a file by curl, in a process of its own: a sender as quick as any. */
async function send(
  url: string,
  way: Way,
  { source, name }: { source: SourceFile; name: string },
  signal: AbortSignal,
): Promise<void> {
  const headers = { ...uploadHeaders(name, source.size), ...way === "chunked" && { "Transfer-Encoding": "chunked" } };
  const args = ["-sS", "-X", "POST", "-T", source.path, "-H", "Expect:"];
  for (const [header, value] of Object.entries(headers)) args.push("-H", `${header}: ${value}`);
  const { stdout } = await new Deno.Command("curl", { args: [...args, url], signal, stderr: "inherit" }).output();
  const text = new TextDecoder().decode(stdout);
  if (text !== `Success ${source.size}`) throw new WrongResult(`Expected Success ${source.size}: ${text}`);
}

/** Asks for a status again and again until `stop` aborts; gives how long each answer took, in milliseconds. */
async function ask(port: number, stop: AbortSignal): Promise<number[]> {
  const request = new TextEncoder().encode(
    headOf("GET", `http://127.0.0.1:${port}/status`, { "X-File-Id": "nobody's" }),
  );
  using exchange = await openExchange(port);
  const took: number[] = [];
  do {
    const start = performance.now();
    await exchange.ask(request);
    took.push(performance.now() - start);
    await delay(ASK_EVERY_MS);
  } while (!stop.aborted);
  return took;
}

/** Speed over speed is time over time, the other way round. */
function inverse(rows: readonly Row[], what: string): number | null {
  return ratio(rows, what, "length", "chunked");
}
