import { assert, assertEquals, assertRejects } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { UploadStore } from "../../../client/memory/upload_store.ts";
import { rememberedSizes, RequestSizes } from "../../../client/upload/request_sizes.ts";
import { Uploader, UploadError } from "../../../client/mod.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer, type FakeServerOptions } from "../support/fake_server.ts";
import { HugeFile } from "../support/huge_file.ts";
import { BROKEN, noFingerprint } from "../support/set_up.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const MB = 1e6;
const MIB = 2 ** 20;

/** Uploads a file of `size` bytes over a network path, with the default sizes of requests. */
function setUp(size: number, path: FakeServerOptions, sizes = new RequestSizes(), clock = new VirtualClock()) {
  const server = new FakeServer(size, path);
  const uploader = new Uploader({
    file: new HugeFile(size),
    id: "film",
    transport: server.transport,
    fingerprintOf: noFingerprint,
    locks: new FakeLocks(),
    random: () => 1,
    sizes,
    clock,
  });
  return { server, uploader, clock, sizes, run: () => clock.run(uploader.upload()) };
}

function startOf(seen: string): number {
  return Number(/ (\d+)\+/.exec(seen)?.[1]);
}

const LINES = [
  { bytesPerSecond: 100e3, size: 16 * MB, unsettled: 2, ms: [8000, 15_000] },
  { bytesPerSecond: 1 * MB, size: 120 * MB, unsettled: 2, ms: [8000, 15_000] },
  // As long as the largest request takes.
  { bytesPerSecond: 4 * MB, size: 200 * MB, unsettled: 4, ms: [4100, 4200] },
  { bytesPerSecond: 10 * MB, size: 250 * MB, unsettled: 4, ms: [1600, 1700] },
] as const;

for (const { bytesPerSecond, size, unsettled, ms: [shortest, longest] } of LINES) {
  Deno.test(`upload() settles at ${shortest} to ${longest} ms a request with ${bytesPerSecond} bytes/s`, async () => {
    const clock = new VirtualClock();
    const { server, run } = setUp(size, { line: { clock, bytesPerSecond } }, new RequestSizes(), clock);
    const before = clock.now();
    assertEquals(await run(), true);
    assert(server.complete);
    const all = server.answered;
    assert(all.every(({ bytes, ms }) => bytes <= 16 * MIB && ms <= 50_000), JSON.stringify(all));
    const settled = all.slice(unsettled, -1);
    assert(settled.length >= 5, `${all.length} requests`);
    for (const { bytes, ms } of settled) {
      assert(ms >= shortest && ms <= longest, `${bytes} bytes in ${ms} ms: ${JSON.stringify(all)}`);
    }
    const wholeMs = clock.now() - before;
    assert(wholeMs <= 1.02 * 1000 * size / bytesPerSecond, `${wholeMs} ms in all`);
  });
}

Deno.test("upload() shows the first safe byte within 6 seconds on a line of 50 kB/s", async () => {
  const clock = new VirtualClock();
  const { uploader, run } = setUp(2 * MB, { line: { clock, bytesPerSecond: 50e3 } }, new RequestSizes(), clock);
  const before = clock.now();
  const safeAfter: number[] = [];
  uploader.on("progress", ({ confirmed }) => confirmed > 0 && safeAfter.push(clock.now() - before));
  assertEquals(await run(), true);
  assert(safeAfter[0]! <= 6000, `${safeAfter[0]} ms`);
});

Deno.test("upload() loses one request to a line that is slower than its first one, where the network path buffers", async () => {
  const clock = new VirtualClock();
  const line = { clock, bytesPerSecond: 100e3 };
  const { server, run } = setUp(12 * MB, { line, buffers: true }, new RequestSizes({ first: 8 * MIB }), clock);
  assertEquals(await run(), true);
  assert(server.travelled - 12 * MB <= 8 * MIB, `${server.travelled} bytes travelled`);
});

Deno.test("upload() brings a file over a line that takes longer than 50 s for the smallest request", async () => {
  const clock = new VirtualClock();
  const line = { clock, bytesPerSecond: 4e3 };
  const { server, run } = setUp(MIB, { line, buffers: true }, new RequestSizes({ first: MIB }), clock);
  assertEquals(await run(), true);
  assert(server.complete);
});

Deno.test("upload() finds the size that a proxy lets through in a few refusals, and knows it the next time", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  const endpoint = "https://a.example";
  for (const expected of [3, 0]) {
    const sizes = rememberedSizes(store, { endpoint });
    const { server, run } = setUp(20 * MIB, { largestBody: MIB }, sizes);
    assertEquals(await run(), true);
    assert(server.complete);
    assertEquals(server.refused, expected);
    assertEquals(server.seen.at(-2)?.split("+")[1], String(MIB));
  }
});

Deno.test("upload() ends when something on the way refuses even the smallest request", async () => {
  const { server, uploader, run } = setUp(20 * MIB, { largestBody: 100e3 });
  const error = await assertRejects(run, UploadError);
  assertEquals([error.code, error.status, uploader.progress.state], ["too-large", 413, "failed"]);
  assertEquals(server.refused, 1);
});

Deno.test("upload() ends at once, with the limit, when the server takes no file this big", async () => {
  const limit = 10 * MIB;
  const asked = setUp(20 * MIB, { largestFile: limit });
  const error = await assertRejects(asked.run, UploadError);
  assertEquals([error.code, error.limit], ["too-large", limit]);
  assertEquals(asked.server.seen, ["GET"], "Nothing is sent in vain");

  const small = setUp(1000, { largestFile: 999 });
  const same = await assertRejects(small.run, UploadError);
  assertEquals([same.code, same.limit], ["too-large", 999]);
  assertEquals(small.server.seen, ["POST 0+1000"]);
});

for (const each of [2, 3, 5]) {
  Deno.test(`upload() loses one request at each break, where the network path buffers and breaks one in ${each}`, async () => {
    const size = each * each * 12 * MIB;
    const large = new RequestSizes({ first: 8 * MIB });
    const { server, sizes, run } = setUp(size, { buffers: true, breaks: { each, atPercent: 60 } }, large);
    assertEquals(await run(), true);
    assert(server.complete);
    assertEquals(sizes.buffers, true);
    const bodies = server.seen.filter((seen) => seen.startsWith("POST"));
    const breaks = Math.floor(bodies.length / each);
    const bytesOf = (seen: string) => Number(seen.split("+")[1]);
    const lost = bodies.filter((_, i) => (i + 1) % each === 0).map((seen) => Math.floor(bytesOf(seen) * 0.6));
    assertEquals(lost.length, breaks);
    assertEquals(server.travelled, size + lost.reduce((sum, bytes) => sum + bytes, 0), "Nothing else is sent twice");
    const afterTwo = bodies.slice(2 * each).map(bytesOf);
    assert(afterTwo.every((bytes) => bytes <= 4 * MIB), `${afterTwo}`);
  });
}

Deno.test("upload() sends nothing twice, and learns of no buffering, where what arrived of a break is kept", async () => {
  const size = 200 * MIB;
  const { server, sizes, run } = setUp(size, { breaks: { each: 2, atPercent: 60 } });
  assertEquals(await run(), true);
  assertEquals([server.travelled, sizes.buffers], [size, false]);
});

Deno.test("upload() never goes back behind what was confirmed, whatever breaks", async () => {
  const faults = [
    undefined,
    { breakAfter: 5 * MIB },
    BROKEN,
    undefined,
    { stallAfter: MIB },
    undefined,
    {
      loseAnswer: true,
    } as const,
  ];
  const { server, run } = setUp(60 * MIB, { faults });
  assertEquals(await run(), true);
  const starts = server.seen.filter((seen) => seen.startsWith("POST")).map(startOf);
  assertEquals(starts, [...starts].sort((a, b) => a - b));
  assertEquals(server.travelled, 60 * MIB);
});

Deno.test("upload() does not take damage for buffering", async () => {
  const damage = { damage: true } as const;
  const { server, sizes, run } = setUp(20 * MIB, { faults: [undefined, damage, undefined, damage, undefined, damage] });
  assertEquals(await run(), true);
  assert(server.complete);
  assertEquals(sizes.buffers, false);
});

Deno.test("upload() ends when what arrives is five times in a row not what was sent", async () => {
  const faults = Array.from({ length: 20 }, (_, i) => i % 2 === 1 ? { damage: true } as const : undefined);
  const { server, run } = setUp(20 * MIB, { faults });
  const error = await assertRejects(run, UploadError);
  assertEquals(error.code, "damaged");
  assertEquals(server.seen.filter((seen) => seen.startsWith("POST")).length, 5);
});
