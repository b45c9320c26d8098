import { assert, assertEquals, assertRejects } from "@std/assert";
import { withBytes } from "../../../server/upkeep/move_bytes.ts";
import { someBytes } from "../../support/bytes.ts";
import { startInstance } from "../../support/dying_instance.ts";
import { MemoryObjects } from "../../support/memory_bucket.ts";
import { MemoryRows } from "../../support/memory_leases.ts";
import { until } from "../../support/until.ts";

const MIB = 1024 * 1024;

Deno.test("a run that dies in the middle of a large file has saved what it copied, and the next one goes on there", async () => {
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  const piece = someBytes(MIB);
  const length = 90 * MIB;
  const bytesOf = (stopAt: number, read: { count: number }) => ({
    id: "a",
    length,
    read: () =>
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          // A process that is killed does nothing more.
          if (read.count === stopAt) return await new Promise(() => {});
          read.count++;
          controller.enqueue(piece);
          if (read.count * MIB === length) controller.close();
        },
      }, { highWaterMark: 0 }),
  });
  const copied = () => {};
  const { signal } = new AbortController();
  const first = startInstance(objects, rows);
  const read = { count: 0 };
  void withBytes({ bytes: first.bytes, signal, copied }, bytesOf(80, read), () => Promise.resolve(true));
  const second = startInstance(objects, rows);
  await until(async () => read.count === 80 && (await second.leases.read("a"))!.length >= 64 * MIB, "bytes are saved");
  first.leases.fallSilent();
  let puts = 0;
  await withBytes({ bytes: second.bytes, signal, copied }, bytesOf(Infinity, { count: 0 }), (file) => {
    puts = second.steps.filter((step) => step === "putPart after").length;
    assertEquals(file.length, length);
    return Promise.resolve(true);
  });
  // 26 MiB were left: three parts, and a rest.
  assert(puts <= 4, `${puts} parts were put again`);
});

Deno.test("a source that has fewer bytes than its record says is told", async () => {
  const { bytes } = startInstance(new MemoryObjects(), new MemoryRows());
  const short = { id: "a", length: 10, read: () => ReadableStream.from([new Uint8Array(4)]) };
  const deps = { bytes, signal: new AbortController().signal, copied() {} };
  await assertRejects(
    () => withBytes(deps, short, () => Promise.resolve(true)),
    Error,
    "its file has 4 of the 10 bytes that are recorded",
  );
});
