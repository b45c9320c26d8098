import { setTimeout as delay } from "node:timers/promises";
import type { Answers, Asked } from "./asking.ts";
import { openExchange } from "./exchange.ts";

// Asks the servers that the environment names until its standard input ends, and prints how long each answer took.

const ASK_EVERY_MS = 5;

const asked: readonly Asked[] = JSON.parse(Deno.env.get("PAWL_BENCH_ASKED") ?? "");
let ends = false;

const asking = await Promise.all(asked.map(begin));
print("asking");
await Deno.stdin.readable.pipeTo(new WritableStream());
ends = true;
const answers: Answers = Object.fromEntries(
  await Promise.all(asking.map(async ({ name, took }) => [name, await took])),
);
print(JSON.stringify(answers));

/** Asks once, which does not count, and then goes on by itself. */
async function begin({ name, port, request }: Asked): Promise<{ name: string; took: Promise<readonly number[]> }> {
  const exchange = await openExchange(port);
  const bytes = new TextEncoder().encode(request);
  await exchange.ask(bytes);
  return { name, took: goOn(exchange, bytes) };
}

async function goOn(exchange: Awaited<ReturnType<typeof openExchange>>, bytes: Uint8Array): Promise<readonly number[]> {
  using _exchange = exchange;
  const took: number[] = [];
  while (!ends) {
    await delay(ASK_EVERY_MS);
    const start = performance.now();
    await exchange.ask(bytes);
    took.push(performance.now() - start);
  }
  return took;
}

function print(text: string): void {
  // deno-lint-ignore no-console -- its standard output is how the result is handed over
  console.log(text);
}
