import { assert, assertEquals, assertLess } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { connect, postHead } from "../support/raw.ts";
import { PART_BYTES, takeOver } from "../support/take_over.ts";
import { tempDir } from "../support/temp_dir.ts";

const ROUNDS = 30;

/** Prints a figure of this run. */
function report(line: string): void {
  // deno-lint-ignore no-console -- the figures of a run belong beside its result
  console.log(line);
}

async function memoryOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

Deno.test("each new writer gets the upload from one that hangs, with all that came before it", async () => {
  await using pawl = await startServer({ limits: {} });
  const { told } = await takeOver(pawl, ROUNDS);
  assertEquals(told, Array.from({ length: ROUNDS }, (_, round) => [409, String((round + 1) * PART_BYTES)]));
});

Deno.test("a hundred that wait for one upload cost no memory and no processor time, and each gets an answer", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  const file = someBytes(100_000);
  using hanging = await connect(pawl.port);
  await hanging.send(postHead("a", { "X-File-Size": file.length, "Content-Length": file.length }));
  await hanging.send(file.subarray(0, 1000));
  await untilReceived(dir.path, 1000);
  const before = await memoryOf(pawl.pid);
  const ask = async () => {
    const response = await fetch(`${pawl.url}/status`, { headers: { "X-File-Id": "a" } });
    return Number(await response.text());
  };
  const write = async () => {
    const headers = { "X-File-Id": "a", "X-Start-Byte": "1000", "X-File-Size": String(file.length) };
    const response = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body: file.slice(1000) });
    await response.body?.cancel();
    return response.status;
  };
  const counts = await Promise.all(Array.from({ length: 100 }, ask));
  assertEquals(counts, Array(100).fill(1000));
  const statuses = await Promise.all(Array.from({ length: 100 }, write));
  const grown = await memoryOf(pawl.pid) - before;
  report(`200 waiters: ${(grown / 2 ** 20).toFixed(0)} MiB more`);
  assertEquals(statuses.filter((status) => status === 200).length, 1);
  assert(statuses.every((status) => [200, 400, 409].includes(status)), `${statuses}`);
  assertLess(grown, 100 * 2 ** 20);
  assertEquals(await Deno.readFile(`${dir.path}/files/a`), file);
});
