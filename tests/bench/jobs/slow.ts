import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import { startPawl } from "../../support/process.ts";
import { headOf } from "../client.ts";
import { openExchange } from "../exchange.ts";
import { atMost, type Bench, type Extent, type Job, WrongResult } from "../job.ts";
import { lastingFolder } from "../measure.ts";
import { uploadHeaders } from "../peers/pawl.ts";
import { usageOf, usageWhenQuiet } from "../usage.ts";

const PART = new TextEncoder().encode("slow ".repeat(205).slice(0, 1024));
const EVERY_MS = 1000;

const EXTENTS: Record<Extent, { uploads: number; seconds: number }> = {
  quick: { uploads: 200, seconds: 3 },
  default: { uploads: 1000, seconds: 10 },
  full: { uploads: 1000, seconds: 40 },
};

/** Many uploads at once, each as slow as a bad telephone line: what the server keeps for one. */
export const slow: Job = {
  name: "slow",
  about: "1 000 uploads at once, 1 KiB/s each: memory, and every one finishes",
  async run(bench) {
    const { uploads, seconds } = EXTENTS[bench.extent];
    const dir = await lastingFolder(bench, "slow");
    await using server = await startPawl(dir);
    const before = await usageWhenQuiet(server.pid, bench.signal);
    const start = performance.now();
    await Promise.all(Array.from({ length: uploads }, async (_, i) => {
      // Spread over the second, as those of many people are.
      await delay(i * EVERY_MS / uploads, undefined, { signal: bench.signal });
      await uploadSlowly(bench, server.port, { name: `slow-${i}`, seconds });
    }));
    const took = (performance.now() - start) / 1000;
    const { cpuSeconds, peakBytes } = await usageOf(server.pid);
    await verify(join(dir, "files"), { uploads, size: seconds * PART.length });
    bench.say(`${uploads} slow uploads: ${took.toFixed(1)} s, peak ${(peakBytes / 1e6).toFixed(0)} MB`);
    const what = `${uploads} × 1 KiB/s for ${seconds} s`;
    return {
      rows: [{
        peer: "pawl",
        what,
        unit: "s",
        values: [took],
        cpuSeconds: [cpuSeconds - before.cpuSeconds],
        peakBytes: [peakBytes],
      }],
      targets: [atMost(`${what}: peak memory, MB`, peakBytes / 1e6, 300, 200)],
    };
  },
};

/** Uploads a file of so many KiB, one in each second. */
export async function uploadSlowly(
  { signal }: Bench,
  port: number,
  { name, seconds }: { name: string; seconds: number },
): Promise<void> {
  using exchange = await openExchange(port);
  const size = seconds * PART.length;
  const head = headOf("POST", `http://127.0.0.1:${port}/upload`, {
    ...uploadHeaders(name, size),
    "Content-Length": String(size),
  });
  await exchange.send(new TextEncoder().encode(head));
  for (let sent = 1; sent < seconds; sent++) {
    await exchange.send(PART);
    await delay(EVERY_MS, undefined, { signal });
  }
  const answer = await exchange.ask(PART);
  if (!answer.endsWith(`\r\n\r\nSuccess ${size}`)) throw new WrongResult(`Expected Success ${size}: ${answer}`);
}

async function verify(dir: string, { uploads, size }: { uploads: number; size: number }): Promise<void> {
  const expected = new TextDecoder().decode(PART).repeat(size / PART.length);
  let right = 0;
  for await (const { name } of Deno.readDir(dir)) {
    if (await Deno.readTextFile(join(dir, name)) === expected) right++;
  }
  if (right !== uploads) throw new WrongResult(`${right} of ${uploads} files are what was sent: ${dir}`);
}
