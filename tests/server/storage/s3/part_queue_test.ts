import { assertEquals } from "@std/assert";
import { BlockPool, HeldBytes } from "../../../../server/storage/s3/memory.ts";
import { type Part, PartQueue } from "../../../../server/storage/s3/part_queue.ts";
import { Turns } from "../../../../server/storage/s3/turns.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { until } from "../../../support/until.ts";

Deno.test("a part that fails before an earlier one has ended leaves that one in the queue", async () => {
  const objects = new MemoryObjects();
  const goOn = Promise.withResolvers<void>();
  let sent = 0;
  const bucket = objects.client(async (name, when) => {
    if (name !== "putPart" || when !== "before") return;
    if (++sent === 1) await goOn.promise;
    else throw new Error("The store is away");
  });
  const arrived: number[] = [];
  const queue = new PartQueue({ bucket, turns: new Turns(3), arrived: ({ number }) => void arrived.push(number) });
  const multipart = await bucket.begin("parts-1");
  const part = async (number: number): Promise<Part> => {
    await bucket.put(`small-${number}`, { length: 1, pieces: () => [new Uint8Array(1)] });
    const held = new HeldBytes(new BlockPool());
    held.append(new Uint8Array(9));
    return { multipart, number, sources: [{ key: `small-${number}`, from: 0, size: 1 }], held, isShared: false };
  };
  queue.send(await part(1));
  queue.send(await part(2));
  await until(() => Promise.resolve(queue.length === 1), "the second part is over");
  assertEquals([queue.hasFailed, queue.isReading("small-1"), queue.isReading("small-2")], [true, true, false]);
  let isOver = false;
  const over = queue.untilOver().then(() => void (isOver = true));
  // The wait must not keep the first part's answer from coming.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(isOver, false);
  goOn.resolve();
  await over;
  assertEquals([queue.length, arrived], [0, []]);
});
