import process from "node:process";
import { openExchange } from "./exchange.ts";
import type { LoadPlan, LoadResult } from "./load.ts";

// Sends what the plan in the environment says and checks every answer; prints what it found. It shares the machine with
// the server, so it must cost little: the request is made once for each connection, and only its number is changed.

const DIGITS = 8;
const encoder = new TextEncoder();

const plan: LoadPlan = JSON.parse(Deno.env.get("PAWL_BENCH_LOAD") ?? "");
const expected = new RegExp(plan.expect);
const { files, part, end: rest } = plan.form ?? { files: 1, part: "", end: "" };
const whole = plan.request + part.repeat(files) + rest;
let next = 0;
let answers = 0;
let counted = 0;

const begin = performance.now() + plan.warmUpSeconds * 1000;
const end = begin + plan.seconds * 1000;
let cpuBefore = process.cpuUsage();
setTimeout(() => cpuBefore = process.cpuUsage(), plan.warmUpSeconds * 1000);
await Promise.all(Array.from({ length: plan.connections }, useConnection));
const { user, system } = process.cpuUsage(cpuBefore);

const result: LoadResult = {
  perSecond: counted / plan.seconds,
  answers,
  clientCpu: (user + system) / 1e6 / plan.seconds,
};
// deno-lint-ignore no-console -- its standard output is how the result is handed over
console.log(JSON.stringify(result));

async function useConnection(): Promise<void> {
  using exchange = await openExchange(plan.port);
  const request = Uint8Array.from(whole, (character) => character.charCodeAt(0));
  const places = [...whole.matchAll(/#{8}/g)].map(({ index }) => index);
  const encoded = [...whole.matchAll(/@{12}/g)].map(({ index }) => index);
  const ofEach = places.length / files;
  while (performance.now() < end) {
    const value = plan.range === undefined ? next : Math.floor(Math.random() * plan.range);
    next += files;
    for (let file = 0; file < files; file++) {
      number(request, places.slice(file * ofEach, (file + 1) * ofEach), value + file);
    }
    for (const place of encoded) request.set(base64Of(value), place);
    const answer = await exchange.ask(request);
    if (!expected.test(answer)) throw new Error(`Expected ${plan.expect}, not ${JSON.stringify(answer)}`);
    answers += files;
    const now = performance.now();
    if (now >= begin && now < end) counted += files;
  }
}

function base64Of(value: number): Uint8Array {
  return encoder.encode(btoa(String(value).padStart(DIGITS + 1, "0")));
}

function number(request: Uint8Array, places: readonly number[], value: number): void {
  let rest = value;
  for (let digit = DIGITS - 1; digit >= 0; digit--, rest = Math.floor(rest / 10)) {
    for (const place of places) request[place + digit] = 48 + rest % 10;
  }
}
