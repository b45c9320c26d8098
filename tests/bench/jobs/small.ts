import { join } from "@std/path";
import { run } from "../disk.ts";
import { atLeast, type Bench, type Job, type Row, WrongResult } from "../job.ts";
import { putLoad } from "../load.ts";
import { lastingFolder } from "../measure.ts";
import { formPawl, pawl, relaxedForm, relaxedPawl, tusPawl } from "../peers/pawl.ts";
import { type Peer, SMALL_DIGITS, smallBody, type SmallRequest } from "../peers/peer.ts";
import { tus } from "../peers/tus.ts";
import { ratio } from "../stats.ts";
import { usageOf } from "../usage.ts";

/** How many requests are under way at a time. */
const AT_A_TIME = [16, 1];

/** How many forms are under way at a time at most, each with many files. */
const FORMS_AT_A_TIME = 2;

/** Many small files, one request each. */
export const small: Job = {
  name: "small",
  about: "4 KiB files, one request each, 16 at a time and 1 at a time, beside @tus/server; and many in one request",
  async run(bench) {
    const peers = await bench.present([pawl, formPawl, relaxedPawl, relaxedForm, tusPawl, tus]);
    const rows: Row[] = [];
    for (const connections of AT_A_TIME) rows.push(...await takeTurns(bench, peers, connections));
    const many = (form: string, single: string) => ratio(rows, whatOf(16), form, single);
    const to = (peer: string, connections: number) => ratio(rows, whatOf(connections), peer, tus.name);
    return {
      rows,
      targets: [
        atLeast("16 at a time, durable: rate / @tus/server", to(pawl.name, 16), 2, 4),
        atLeast("16 at a time, relaxed: rate / @tus/server", to(relaxedPawl.name, 16), 5, 7),
        atLeast("16 at a time, durable, by tus: rate / @tus/server", to(tusPawl.name, 16), 2, 4),
        atLeast("many in one request, durable: rate / one request each", many(formPawl.name, pawl.name), 2.5),
        atLeast("many in one request, relaxed: rate / one request each", many(relaxedForm.name, relaxedPawl.name), 2.5),
        atLeast("1 at a time, durable: rate / @tus/server", to(pawl.name, 1), 1.5),
        atLeast("1 at a time, relaxed: rate / @tus/server", to(relaxedPawl.name, 1), 1.5),
      ],
    };
  },
};

async function takeTurns(bench: Bench, peers: readonly Peer[], connections: number): Promise<Row[]> {
  const rows = peers.map(({ name }) => ({
    peer: name,
    what: whatOf(connections),
    unit: "/s",
    values: [] as number[],
    cpuSeconds: [] as number[],
    peakBytes: [] as number[],
  }));
  for (let round = 1; round <= bench.rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      const { perSecond, clientCpu, cpuSeconds, peakBytes } = await takeTurn(bench, peer, connections);
      rows[i]!.values.push(perSecond);
      rows[i]!.cpuSeconds.push(cpuSeconds);
      rows[i]!.peakBytes.push(peakBytes);
      const client = `the client took ${Math.round(clientCpu * 100)} % of a core`;
      bench.say(
        `${whatOf(connections)}, round ${round} of ${bench.rounds}, ${peer.name}: ${
          perSecond.toFixed(0)
        } /s (${client})`,
      );
    }
  }
  return rows;
}

async function takeTurn(bench: Bench, peer: Peer, connections: number) {
  const { extent, signal } = bench;
  const dir = await lastingFolder(bench, `small-${peer.name}`);
  await using running = await peer.start(dir, signal);
  if (running.small === undefined || running.pid === undefined) throw new Error(`${peer.name} takes no small files`);
  await run("sync", [], signal);
  const before = await usageOf(running.pid);
  const { port, head, expect, form } = running.small;
  const result = await putLoad({
    port,
    connections: form === undefined ? connections : Math.min(connections, FORMS_AT_A_TIME),
    ...extent === "quick" ? { warmUpSeconds: 0.3, seconds: 0.7 } : { warmUpSeconds: 0.7, seconds: 1.5 },
    request: form === undefined ? head + smallBody() : head,
    expect: expect.source,
    ...form !== undefined && { form },
  }, signal);
  const { cpuSeconds, peakBytes } = await usageOf(running.pid);
  verify(running.small, result.answers);
  return { ...result, cpuSeconds: cpuSeconds - before.cpuSeconds, peakBytes };
}

/** Every file that was answered for is there, whole, once, and is what was sent. */
function verify({ dir, isOwn }: SmallRequest, count: number): void {
  const text = smallBody();
  const seen = new Set<number>();
  for (const { name } of Deno.readDirSync(dir)) {
    if (isOwn(name)) continue;
    const body = Deno.readTextFileSync(join(dir, name));
    const number = body.slice(0, SMALL_DIGITS);
    if (!/^\d+$/.test(number) || body.slice(SMALL_DIGITS) !== text.slice(SMALL_DIGITS)) {
      throw new WrongResult(`Stored something else than was sent: ${join(dir, name)}`);
    }
    seen.add(Number(number));
  }
  if (seen.size !== count) throw new WrongResult(`Stored ${seen.size} different files of ${count}: ${dir}`);
}

function whatOf(connections: number): string {
  return `4 KiB files, ${connections} at a time`;
}
