import { assertEquals } from "@std/assert";
import { IDBFactory } from "fake-indexeddb";
import { UploadStore } from "../../../client/memory/upload_store.ts";
import { rememberedSizes, RequestSizes, type RequestSizesOptions } from "../../../client/upload/request_sizes.ts";
import type { NetworkPath } from "../../../client/mod.ts";

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** Sizes that begin large. */
function large(options: RequestSizesOptions = {}): RequestSizes {
  return new RequestSizes({ first: 8 * MIB, ...options });
}

Deno.test("RequestSizes begin at 128 KiB and grow eightfold while the answers come early, up to 16 MiB", () => {
  const sizes = new RequestSizes();
  const used = Array.from({ length: 5 }, () => {
    const { bytes } = sizes;
    sizes.answered(bytes, 100);
    return bytes / KIB;
  });
  assertEquals(used, [128, 1024, 8 * 1024, 16 * 1024, 16 * 1024]);
});

Deno.test("RequestSizes double once something has gone wrong", () => {
  const troubles: Record<string, (sizes: RequestSizes) => void> = {
    "too slow": (sizes) => sizes.answered(8 * MIB, 22_000),
    "cut": (sizes) => sizes.cut(25 * MIB, 50_000),
    "broken": (sizes) => sizes.broken(MIB, 0, 8 * MIB),
  };
  for (const [what, trouble] of Object.entries(troubles)) {
    const sizes = large();
    trouble(sizes);
    const { bytes } = sizes;
    for (let answers = 0; answers < 2; answers++) sizes.answered(bytes, 100);
    assertEquals([what, sizes.bytes], [what, 2 * bytes]);
  }
});

Deno.test("RequestSizes aim for 11 seconds, and leave alone what takes 8 to 15", () => {
  const sizes = large();
  sizes.answered(8 * MIB, 22_000);
  assertEquals(sizes.bytes, 4 * MIB);
  for (const ms of [8000, 11_000, 15_000]) sizes.answered(4 * MIB, ms);
  assertEquals(sizes.bytes, 4 * MIB);
  sizes.answered(4 * MIB, 7900);
  assertEquals(sizes.bytes, Math.floor(4 * MIB * 11_000 / 7900));
});

Deno.test("RequestSizes know the size after the next answer, if that comes as the last one did", () => {
  for (const bytesPerMs of [5, 50, 1000, 1e6]) {
    const sizes = new RequestSizes();
    const known: number[] = [];
    const used: number[] = [];
    for (let answers = 0; answers < 8; answers++) {
      known.push(sizes.bytesAhead);
      sizes.answered(sizes.bytes, sizes.bytes / bytesPerMs);
      used.push(sizes.bytes);
    }
    assertEquals(known[0], MIB, "Nobody knows the line yet");
    assertEquals([bytesPerMs, ...known.slice(1)], [bytesPerMs, ...used.slice(1)]);
  }
});

Deno.test("RequestSizes expect no growth before as many good answers have come as caution wants", () => {
  const sizes = large();
  for (let times = 0; times < 2; times++) sizes.broken(4 * MIB, 0, 8 * MIB);
  const grown = Array.from({ length: 4 }, () => {
    const isExpected = sizes.bytesAhead > sizes.bytes;
    sizes.answered(sizes.bytes, 1);
    return isExpected;
  });
  assertEquals(grown, [false, false, false, true]);
});

Deno.test("RequestSizes never go below 128 KiB", () => {
  const sizes = large();
  sizes.answered(8 * MIB, 1e9);
  sizes.cut(0, 50_000);
  for (let i = 0; i < 20; i++) sizes.broken(MIB, 0, MIB);
  assertEquals(sizes.bytes, 128 * KIB);
  assertEquals(sizes.isSmallest, true);
});

Deno.test("RequestSizes learn nothing from a short body that was fast, and all from one that was slow", () => {
  const sizes = large();
  sizes.answered(100, 10);
  assertEquals(sizes.bytes, 8 * MIB);
  sizes.answered(MIB, 22_000);
  assertEquals(sizes.bytes, MIB / 2);
});

Deno.test("RequestSizes fit what travelled of a request that was cut into 11 seconds", () => {
  const sizes = large();
  sizes.cut(MIB, 50_000);
  assertEquals(sizes.bytes, Math.floor(MIB * 11 / 50));
  const faster = large({ first: 64 * MIB, largest: 64 * MIB });
  faster.cut(50 * MIB, 50_000);
  assertEquals(faster.bytes, 11 * MIB);
});

Deno.test("RequestSizes halve at a refusal, never try more again, and end at the smallest", () => {
  const learned: NetworkPath[] = [];
  const sizes = large({ onLearned: (path) => learned.push(path) });
  assertEquals(sizes.refused(8 * MIB), true);
  assertEquals(sizes.bytes, 4 * MIB);
  for (let i = 0; i < 5; i++) sizes.answered(sizes.bytes, 100);
  assertEquals(sizes.bytes, 4 * MIB);
  assertEquals(learned, [{ largest: 4 * MIB }]);
  for (let refusals = 0; refusals < 5; refusals++) assertEquals(sizes.refused(sizes.bytes), true);
  assertEquals(sizes.bytes, 128 * KIB);
  assertEquals(sizes.refused(sizes.bytes), false);
});

Deno.test("RequestSizes take the refusals of requests that were under way at once for one", () => {
  const sizes = large();
  for (let uploads = 0; uploads < 3; uploads++) assertEquals(sizes.refused(8 * MIB), true);
  assertEquals(sizes.bytes, 4 * MIB);
});

Deno.test("RequestSizes know a network path that buffers after two requests of which nothing arrived", () => {
  const learned: NetworkPath[] = [];
  const sizes = large({ onLearned: (path) => learned.push(path) });
  sizes.broken(6 * MIB, 0, 8 * MIB);
  assertEquals([sizes.buffers, sizes.bytes], [false, 4 * MIB]);
  sizes.broken(3 * MIB, 0, 4 * MIB);
  assertEquals([sizes.buffers, sizes.bytes], [true, 2 * MIB]);
  for (let i = 0; i < 5; i++) sizes.answered(sizes.bytes, 100);
  assertEquals(sizes.bytes, 4 * MIB, "Requests stay small");
  assertEquals(learned, [{ buffers: true }]);
});

Deno.test("RequestSizes do not take for buffering what sockets hold, nor a network path of which a part arrived", () => {
  const sizes = large();
  for (let i = 0; i < 5; i++) sizes.broken(MIB, 0, 8 * MIB);
  assertEquals(sizes.buffers, false);
  sizes.broken(2 * MIB, 0, 8 * MIB);
  sizes.broken(2 * MIB, 1, 8 * MIB);
  sizes.broken(2 * MIB, 0, 8 * MIB);
  assertEquals(sizes.buffers, false);
});

Deno.test("RequestSizes still know that a network path buffers when it passed on a whole body whose answer was lost", () => {
  const sizes = large();
  sizes.broken(2 * MIB, 0, 8 * MIB);
  sizes.broken(4 * MIB, 4 * MIB, 4 * MIB);
  sizes.broken(2 * MIB, 0, 4 * MIB);
  assertEquals(sizes.buffers, true);
});

Deno.test("RequestSizes forget that a network path buffers when a part of a broken body has arrived", async () => {
  const learned: NetworkPath[] = [];
  const sizes = large({
    networkPath: Promise.resolve({ buffers: true, largest: 32 * MIB }),
    onLearned: (path) => learned.push(path),
  });
  await sizes.recalled;
  sizes.broken(4 * MIB, 4 * MIB, 4 * MIB);
  assertEquals(sizes.buffers, true);
  sizes.broken(3 * MIB, MIB, 4 * MIB);
  assertEquals(sizes.buffers, false);
  assertEquals(learned, [{ buffers: false, largest: 32 * MIB }]);
});

Deno.test("RequestSizes start with what an earlier page has learned, and with what this one learned before", async () => {
  const networkPath = Promise.withResolvers<NetworkPath>();
  const sizes = large({ networkPath: networkPath.promise });
  sizes.refused(8 * MIB);
  networkPath.resolve({ largest: MIB, buffers: true });
  await sizes.recalled;
  assertEquals([sizes.bytes, sizes.buffers], [4 * MIB, true]);
});

Deno.test("RequestSizes keep to the size that a program gives", () => {
  const sizes = rememberedSizes(new UploadStore(), { endpoint: "https://a.example", requestBytes: 1000 });
  sizes.answered(1000, 100);
  assertEquals(sizes.bytes, 1000);
  sizes.broken(1000, 0, 1000);
  assertEquals(sizes.bytes, 1000);
});

Deno.test("rememberedSizes() keep what is learned for each origin apart", async () => {
  const store = new UploadStore({ factory: new IDBFactory() });
  rememberedSizes(store, { endpoint: "https://a.example/pawl/" }).refused(8 * MIB);
  const sizesOf = async (endpoint: string) => {
    const sizes = rememberedSizes(store, { endpoint });
    await sizes.recalled;
    for (let answers = 0; answers < 2; answers++) sizes.answered(sizes.bytes, 100);
    return sizes.bytes / MIB;
  };
  assertEquals(await sizesOf("https://a.example"), 4);
  assertEquals(await sizesOf("https://b.example"), 8);
});
