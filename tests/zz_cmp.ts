import { openTusClient } from "/work/wt/sharedcost/tests/bench/shared/tus_client.ts";
import { usageOf } from "/work/wt/sharedcost/tests/bench/usage.ts";
import { request } from "/work/wt/sharedcost/tests/bench/client.ts";
import { makeSource } from "/work/wt/sharedcost/tests/bench/source.ts";
const trees: Record<string, string> = {
  before: "/tmp/sharedcost-before",
  interfaces: "/tmp/sharedcost-iface",
  now: "/work/wt/sharedcost",
};
const rounds = Number(Deno.args[0]);
const dir = await Deno.makeTempDir({ prefix: "sharedcost-cmp-" });
const signal = new AbortController().signal;
const big = await makeSource(`${dir}/big.bin`, 256 << 20, signal);
const out: Record<string, Record<string, number[]>> = {};
const order = Object.keys(trees);
for (let round = 0; round < rounds; round++) {
  for (const name of round % 2 ? order.toReversed() : order) {
    const data = `${dir}/${name}-${round}`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "-A", "--no-check", `${trees[name]}/main.ts`, "--port", "0", "--data", data],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      cwd: trees[name],
      env: { NO_COLOR: "1", PAWL_LOG_LEVEL: "info" },
    }).spawn();
    let text = "";
    const url = await new Promise<string>((resolve) => {
      for (const s of [child.stdout, child.stderr]) {
        (async () => {
          for await (const t of s.pipeThrough(new TextDecoderStream())) {
            text += t;
            const m = /https?:\/\/[^\s/]+:(\d+)/.exec(text);
            if (m) resolve(m[0]);
          }
        })();
      }
    });
    const cpu = async () => (await usageOf(child.pid)).cpuSeconds;
    const note = (what: string, seconds: number) => ((out[name] ??= {})[what] ??= []).push(seconds);
    // warm up
    const one = async (n: number, tag: string) => {
      for (let i = 0; i < n; i++) {
        const a = await fetch(`${url}/upload`, {
          method: "POST",
          headers: {
            "X-File-Id": `${tag}${i}`,
            "X-Start-Byte": "0",
            "X-File-Size": "4096",
            "X-File-Name": `${tag}${i}.bin`,
          },
          body: small,
        });
        await a.text();
        if (!a.ok) throw new Error(`${a.status}`);
      }
    };
    const small = new Uint8Array(4096).fill(35);
    await Promise.all([..."abcd"].map((tag) => one(150, `w${tag}`)));
    let c = await cpu();
    await Promise.all([..."abcd"].map((tag) => one(600, `f${tag}`)));
    note("small ms", (await cpu() - c) * 1000 / 2400);
    using client = await openTusClient(`${url}/files/`);
    const bytes = new Uint8Array(65536).fill(7);
    const path = await client.create(1600 * 65536, "r.bin");
    for (let i = 0; i < 200; i++) await client.append(path, i * 65536, bytes);
    c = await cpu();
    for (let i = 200; i < 1599; i++) await client.append(path, i * 65536, bytes);
    note("resume ms", (await cpu() - c) * 1000 / 1399);
    const up = async (id: string) =>
      void await request({
        method: "POST",
        url: `${url}/upload`,
        headers: { "X-File-Id": id, "X-Start-Byte": "0", "X-File-Size": String(big.size), "X-File-Name": `${id}.bin` },
        file: big,
      }, signal);
    await up("b0");
    c = await cpu();
    await up("b1");
    await up("b2");
    await up("b3");
    note("one s/GiB", (await cpu() - c) / 0.75);
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(data, { recursive: true });
    console.log(
      round,
      name,
      JSON.stringify(Object.fromEntries(Object.entries(out[name]!).map(([k, v]) => [k, v.at(-1)!.toFixed(3)]))),
    );
  }
}
const med = (v: number[]) => {
  const s = v.toSorted((a, b) => a - b);
  return s.length % 2 ? s[s.length >> 1]! : (s[s.length / 2 - 1]! + s[s.length / 2]!) / 2;
};
for (const what of Object.keys(out.now!)) {
  console.log(
    what,
    ...order.map((n) => `${n} ${med(out[n]![what]!).toFixed(3)}`),
    ...["interfaces", "now"].map((n) =>
      `${n}/before (median of pairs) ${med(out[n]![what]!.map((v, i) => v / out.before![what]![i]!)).toFixed(3)}`
    ),
  );
}
await Deno.remove(dir, { recursive: true });
