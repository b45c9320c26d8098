import { createSameName } from "../../server/model/same_name.ts";
import process from "node:process";
import { fromFileUrl, join } from "@std/path";
import { readConfig } from "../../server/config/config.ts";
import { openLog } from "../../server/log.ts";
import { openPawl } from "../../server/open.ts";
import { openRecords } from "../../server/storage/kv/records.ts";

// Sweeps the data folder in its first argument once, as the server does it every minute, and prints what it took, how
// many uploads were due, and what became of those whose ids are its other arguments.

const [data, ...ids] = Deno.args;
const config = readConfig(["--data", data!], () => undefined);
const root = fromFileUrl(new URL("../../", import.meta.url));

const due = await countDue();
// Warnings alone: how fast a terminal takes a line for each is not the question.
const pawl = await openPawl(config, { log: openLog({ level: "warning", format: "text" }).log, root, now: Date.now });
const cpu = process.cpuUsage();
const start = performance.now();
await pawl.sweep();
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
pawl.close();
const states = await statesOf(ids);
// deno-lint-ignore no-console -- its standard output is how the result is handed over
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, due, states }));

async function countDue(): Promise<number> {
  using records = await openRecords(join(data!, "pawl.db"), createSameName({ ignoresCase: false }));
  let count = 0;
  for await (const _ of records.due(Date.now())) count++;
  return count;
}

async function statesOf(wanted: readonly string[]): Promise<string[]> {
  using records = await openRecords(join(data!, "pawl.db"), createSameName({ ignoresCase: false }));
  return await Promise.all(wanted.map(async (id) => (await records.get(id))?.state ?? "unknown"));
}
