import { assert, assertEquals } from "@std/assert";
import { LARGEST_BUFFER, SpareBuffers } from "../../../server/receiving/spare_buffers.ts";

Deno.test("SpareBuffers give the memory of a body that has ended to the next one, and to no two at a time", () => {
  const buffers = new SpareBuffers();
  const { buffer } = buffers.take(LARGEST_BUFFER);
  buffers.give(buffer);
  assert(buffers.take(LARGEST_BUFFER).buffer === buffer);
  assert(buffers.take(LARGEST_BUFFER).buffer !== buffer);
});

Deno.test("SpareBuffers keep eight of the largest buffers, and none that is smaller or that a read has taken", () => {
  const buffers = new SpareBuffers();
  const given = Array.from({ length: 10 }, () => new ArrayBuffer(LARGEST_BUFFER));
  const taken = new ArrayBuffer(LARGEST_BUFFER);
  taken.transfer();
  for (const buffer of [taken, new ArrayBuffer(4096), ...given]) buffers.give(buffer);
  const got = Array.from({ length: 10 }, () => buffers.take(LARGEST_BUFFER).buffer);
  assertEquals([got.filter((buffer) => given.includes(buffer)).length, buffers.take(4096).length], [8, 4096]);
});
