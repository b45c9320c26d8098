import { join } from "@std/path";
import { startPawl } from "../../support/process.ts";
import { run, settle } from "../disk.ts";
import { type Answers, startAsking, startIdle } from "../asking.ts";
import { headOf } from "../client.ts";
import { atLeast, atMost, type Bench, type Extent, type Job, type Row, WrongResult } from "../job.ts";
import { uploadHeaders } from "../peers/pawl.ts";
import type { SourceFile } from "../source.ts";
import { median, percentile, ratio } from "../stats.ts";
import { usageOf } from "../usage.ts";

const MIB = 2 ** 20;

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
    for (const { what, size, count, rounds } of loads) {
      const turns = new Map<Way, Turn[]>(PEERS.map((way) => [way, []]));
      for (let round = 1; round <= rounds; round++) {
        for (const way of PEERS) {
          const turn = await takeTurn(bench, way, { source: await bench.source(size), count });
          turns.get(way)!.push(turn);
          bench.say(
            `${what}, round ${round} of ${rounds}, ${way}: ${turn.seconds.toFixed(3)} s, peak ${
              (turn.peakBytes / 1e6).toFixed(0)
            } MB, answers to others p99 ${p99(turn, "pawl").toFixed(1)} ms, of an idle server ${
              p99(turn, "idle").toFixed(1)
            } ms (${turn.answers.pawl!.length}, ${turn.answers.idle!.length}), load ${turn.load.toFixed(1)}`,
          );
        }
      }
      for (const [way, own] of turns) rows.push(...rowsOf(what, way, own));
    }
    const peaks = rows.filter(({ peer }) => peer === "chunked").flatMap(({ peakBytes = [] }) => peakBytes);
    const answers = (what: string) => rows.find((row) => row.what === othersOf(what) && row.peer === "chunked")!;
    return {
      rows,
      targets: [
        ...loads.map(({ what }) => atLeast(`${what}: speed chunked / with a length`, inverse(rows, what), 0.5)),
        atMost("chunked: peak memory, MB", Math.max(...peaks) / 1e6, 150),
        ...loads.map(({ what }) =>
          atMost(`${what}, chunked: answers to others, p99, ms`, median(answers(what).values), 50)
        ),
      ],
    };
  },
};

interface Turn {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** How long the answers took that another client was given meanwhile: by Pawl, and by a server that is idle. */
  readonly answers: Answers;
  /** The machine's load before. */
  readonly load: number;
}

/** The rows of one way: the uploads, the answers to others, and the answers of an idle server beside it. */
function rowsOf(what: string, way: Way, turns: readonly Turn[]): Row[] {
  return [
    {
      peer: way,
      what,
      unit: "s",
      values: turns.map(({ seconds }) => seconds),
      cpuSeconds: turns.map(({ cpuSeconds }) => cpuSeconds),
      peakBytes: turns.map(({ peakBytes }) => peakBytes),
    },
    { peer: way, what: othersOf(what), unit: "ms", values: turns.map((turn) => p99(turn, "pawl")) },
    { peer: `${way}, idle server`, what: othersOf(what), unit: "ms", values: turns.map((turn) => p99(turn, "idle")) },
  ];
}

function othersOf(what: string): string {
  return `${what}: others, p99`;
}

function p99({ answers }: Turn, server: "pawl" | "idle"): number {
  return percentile(answers[server]!, 0.99);
}

async function takeTurn(
  bench: Bench,
  way: Way,
  { source, count }: { source: SourceFile; count: number },
): Promise<Turn> {
  const dir = await Deno.makeTempDir({ dir: bench.dir, prefix: "turn-" });
  try {
    await using server = await startPawl(dir);
    await using idle = await startIdle();
    await settle(bench.dir, { bytes: source.size * count * 1.25, patient: bench.extent !== "quick" }, bench.signal);
    const load = Deno.loadavg()[0]!;
    const before = await usageOf(server.pid);
    const endAsking = await startAsking([
      { name: "pawl", port: server.port, request: question(server.port, "/status") },
      { name: "idle", port: idle.port, request: question(idle.port, "/") },
    ], bench.signal);
    const start = performance.now();
    const names = Array.from({ length: count }, (_, i) => `${i}-${source.name}`);
    await Promise.all(names.map((name) => send(`${server.url}/upload`, way, { source, name }, bench.signal)));
    const seconds = (performance.now() - start) / 1000;
    const answers = await endAsking();
    const { cpuSeconds, peakBytes } = await usageOf(server.pid);
    for (const name of names) await run("cmp", [source.path, join(dir, "files", name)], bench.signal);
    return { seconds, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes, answers, load };
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

/** Pawl is asked for the status of an upload, which it looks up in its database. */
function question(port: number, path: string): string {
  return headOf("GET", `http://127.0.0.1:${port}${path}`, { "X-File-Id": "nobody's" });
}

/** Speed over speed is time over time, the other way round. */
function inverse(rows: readonly Row[], what: string): number | null {
  return ratio(rows, what, "length", "chunked");
}
