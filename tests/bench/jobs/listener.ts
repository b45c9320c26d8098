import { settle } from "../disk.ts";
import { headOf } from "../client.ts";
import { atLeast, atMost, type Bench, type Job, type Row } from "../job.ts";
import { putLoad } from "../load.ts";
import { bareWith, type Listened, pawlWith } from "../peers/listeners.ts";
import { median, ratio } from "../stats.ts";
import { type Usage, usageOf, usageWhenQuiet } from "../usage.ts";

const MIB = 2 ** 20;
const CONNECTIONS = 16;

/** The two listeners with the same app behind them, and what each of them costs with none. */
export const listener: Job = {
  name: "listener",
  about: "--listener=node beside deno: small answers, 16 at a time, and one body of 512 MiB; and the smallest servers",
  async run(bench) {
    const peers = [pawlWith("deno"), pawlWith("node"), bareWith("deno"), bareWith("node")];
    const body = `${(bench.extent === "quick" ? 64 : 512)} MiB`;
    const table = new Table();
    for (let round = 1; round <= bench.rounds; round++) {
      for (const peer of peers) {
        await askInTurn(bench, peer, table, round);
        await uploadInTurn(bench, peer, table, { what: body, bytes: parseInt(body) * MIB, round });
      }
    }
    const { rows } = table;
    const node = (what: string, kind = "pawl") => ratio(rows, what, `${kind}-node`, `${kind}-deno`);
    const cpu = (what: string) => {
      const [own, other] = ["pawl-node", "pawl-deno"].map((peer) => median(table.row(peer, what, "s").cpuSeconds));
      return own! / other!;
    };
    const inverse = (value: number | null) => value === null ? null : 1 / value;
    return {
      rows,
      targets: [
        atLeast("/healthz: rate / deno", node("/healthz"), 0.55),
        atLeast("status: rate / deno", node("status"), 0.55),
        atLeast(`${body}: bytes a second / deno`, inverse(node(body)), 0.95),
        atMost("/healthz: CPU of an answer / deno", node("/healthz, CPU of one"), 1.8),
        atMost(`${body}: CPU / deno`, cpu(body), 1.2),
        atLeast("the smallest servers: rate, node / deno", node("/healthz", "bare"), 0.55),
      ],
    };
  },
};

/** The rows that grow while the peers have their turns. */
class Table {
  readonly rows: (Row & { values: number[]; cpuSeconds: number[]; peakBytes: number[] })[] = [];

  row(peer: string, what: string, unit: string) {
    const found = this.rows.find((row) => row.peer === peer && row.what === what);
    if (found !== undefined) return found;
    const made = { peer, what, unit, values: [], cpuSeconds: [], peakBytes: [] };
    this.rows.push(made);
    return made;
  }

  add(peer: string, what: string, unit: string, value: number, before: Usage, { cpuSeconds, peakBytes }: Usage): void {
    const row = this.row(peer, what, unit);
    row.values.push(value);
    row.cpuSeconds.push(cpuSeconds - before.cpuSeconds);
    row.peakBytes.push(peakBytes);
  }
}

async function askInTurn(bench: Bench, peer: Listened, table: Table, round: number): Promise<void> {
  await using server = await peer.start(bench);
  for (const [what, { path, headers = {}, expect }] of Object.entries(server.asked)) {
    const before = await usageWhenQuiet(server.pid, bench.signal);
    const { perSecond, answers } = await putLoad({
      port: server.port,
      connections: CONNECTIONS,
      ...bench.extent === "quick" ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 2, seconds: 3 },
      request: headOf("GET", `http://127.0.0.1:${server.port}${path}`, headers),
      expect,
    }, bench.signal);
    const after = await usageOf(server.pid);
    const microseconds = (after.cpuSeconds - before.cpuSeconds) / answers * 1e6;
    table.add(peer.name, what, "/s", perSecond, before, after);
    table.add(peer.name, `${what}, CPU of one`, "µs", microseconds, before, after);
    const found = `${perSecond.toFixed(0)} /s, ${microseconds.toFixed(0)} µs of CPU each`;
    bench.say(`${what}, round ${round} of ${bench.rounds}, ${peer.name}: ${found}`);
  }
}

async function uploadInTurn(
  bench: Bench,
  peer: Listened,
  table: Table,
  { what, bytes, round }: { what: string; bytes: number; round: number },
): Promise<void> {
  const { dir, extent, signal } = bench;
  await using server = await peer.start(bench);
  await server.upload(await bench.source(16 * MIB), signal);
  const file = await bench.source(bytes);
  const before = await usageWhenQuiet(server.pid, signal);
  await settle(dir, { bytes: bytes * 1.25, patient: extent !== "quick" }, signal);
  const start = performance.now();
  await server.upload(file, signal);
  const seconds = (performance.now() - start) / 1000;
  const after = await usageWhenQuiet(server.pid, signal);
  table.add(peer.name, what, "s", seconds, before, after);
  const cpu = after.cpuSeconds - before.cpuSeconds;
  bench.say(
    `${what}, round ${round} of ${bench.rounds}, ${peer.name}: ${seconds.toFixed(3)} s, ${cpu.toFixed(2)} s of CPU`,
  );
}
