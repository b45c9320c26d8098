import { join } from "@std/path";
import { startPawl } from "../../support/process.ts";
import { headOf } from "../client.ts";
import { settle } from "../disk.ts";
import { openExchange } from "../exchange.ts";
import { atMost, type Job, WrongResult } from "../job.ts";
import { lastingFolder } from "../measure.ts";
import { percentile } from "../stats.ts";

const SIZE = 1 << 20;
const HAVE = 64 << 10;

/** Uploads that are resumed before those that count: a server that has run for an hour is what matters. */
const WARM_UP = 100;

/** How soon an upload goes on: from a new connection to the answer that one more byte is safe. */
export const resume: Job = {
  name: "resume",
  about: "resuming: connect, GET /status and a POST of one more byte, on disk",
  async run(bench) {
    const count = bench.extent === "quick" ? 50 : 500;
    const dir = await lastingFolder(bench, "resume");
    await using server = await startPawl(dir);
    const ask = async (exchange: { ask(bytes: Uint8Array): Promise<string> }, head: string, bytes = 0) => {
      const request = new Uint8Array(head.length + bytes).fill(65);
      new TextEncoder().encodeInto(head, request);
      return await exchange.ask(request);
    };
    const post = (id: string, from: number, bytes: number) =>
      headOf("POST", `${server.url}/upload`, {
        "X-File-Id": id,
        "X-File-Size": String(SIZE),
        "X-Start-Byte": String(from),
        "Content-Length": String(bytes),
      });

    for (let i = 0; i < WARM_UP + count; i++) {
      using exchange = await openExchange(server.port);
      expect(await ask(exchange, post(`resume-${i}`, 0, HAVE), HAVE), HAVE);
    }
    await settle(bench.dir, { bytes: 0, patient: false }, bench.signal);
    const values: number[] = [];
    for (let i = 0; i < WARM_UP + count; i++) {
      bench.signal.throwIfAborted();
      const status = headOf("GET", `${server.url}/status`, { "X-File-Id": `resume-${i}` });
      const start = performance.now();
      using exchange = await openExchange(server.port);
      const before = await ask(exchange, status);
      const after = await ask(exchange, post(`resume-${i}`, HAVE, 1), 1);
      if (i >= WARM_UP) values.push(performance.now() - start);
      expect(before, HAVE);
      expect(after, HAVE + 1);
    }
    await verify(join(dir, "incoming"), WARM_UP + count);
    const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
    bench.say(`Resuming: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
    return {
      rows: [{ peer: "pawl", what: "status + one byte", unit: "ms", values }],
      targets: [atMost("p50 in ms", p50, 3, 1), atMost("p99 in ms", p99, 3)],
    };
  },
};

function expect(answer: string, bytes: number): void {
  if (answer.startsWith("HTTP/1.1 200 ") && answer.endsWith(`\r\n\r\n${bytes}`)) return;
  throw new WrongResult(`Expected ${bytes} bytes: ${answer}`);
}

async function verify(dir: string, count: number): Promise<void> {
  let right = 0;
  for await (const { name } of Deno.readDir(dir)) {
    if ((await Deno.stat(join(dir, name))).size === HAVE + 1) right++;
  }
  if (right !== count) throw new WrongResult(`${right} of ${count} uploads have ${HAVE + 1} bytes: ${dir}`);
}
