import { assert, assertEquals } from "@std/assert";
import type { UnfinishedFile } from "../../../../server/storage/store.ts";
import { IS_LONG } from "../../../support/campaign.ts";
import { Died, type Instance, startInstance } from "../../../support/dying_instance.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";
import { givesSame, someBytes } from "../../../support/bytes.ts";

const MIB = 1024 * 1024;
const PATH = "folder/x.bin";

/** Of the steps of a large file, every third is enough for most runs. */
const STRIDE = IS_LONG ? 1 : 3;

/** The file's bytes. */
const contents = someBytes(19 * MIB);

/** What a client knows: how many bytes the server has acknowledged, and whether it said that the file is complete. */
interface Known {
  acknowledged: number;
  isPlaced: boolean;
}

function opened(file: UnfinishedFile | string | undefined): UnfinishedFile {
  assert(typeof file === "object");
  return file;
}

/** Sends the bytes from where the upload stands, in requests that end at `ends`, and finishes the file. */
async function send(instance: Instance, all: Uint8Array, ends: readonly number[], known: Known): Promise<void> {
  const { bytes } = instance;
  if (!known.isPlaced && await bytes.find({ id: "a", path: PATH, length: all.length }) !== "there") {
    for (const end of ends) {
      await using writer = opened(await bytes.open("a") ?? await bytes.create("a"));
      assert(writer.length >= known.acknowledged, `${writer.length} of ${known.acknowledged} acknowledged bytes`);
      if (writer.length >= end) continue;
      await writer.write(all.subarray(writer.length, end));
      await writer.checkpoint();
      // A refused body: its bytes are taken back.
      const { length } = writer;
      await writer.write(all.subarray(0, MIB));
      await writer.cut(length);
      await writer.flush();
      // A server lets go of an upload with the last record of a request.
      writer.closeWithRecord();
      await instance.recorded("a");
      known.acknowledged = end;
    }
    await using writer = opened(await bytes.open("a"));
    await writer.seal(1000);
    await instance.recorded("a");
    assertEquals(await bytes.place("a", PATH), true);
    known.isPlaced = true;
    await bytes.removeEntry("a");
  }
}

interface Run {
  /** Where the requests end. */
  readonly ends: readonly number[];
  readonly isConditional: boolean;
}

/**
 * Lets one instance after the other go on with an upload, each until it dies at the step of its number, and the last one
 * to the end. Checks the file, and that nothing else is left. Gives how many steps each of the dying ones has made.
 */
async function runWith(deaths: readonly number[], { ends, isConditional }: Run): Promise<number[]> {
  const length = ends.at(-1)!;
  const all = contents.subarray(0, length);
  const [objects, rows] = [new MemoryObjects({ isConditional }), new MemoryRows()];
  const known: Known = { acknowledged: 0, isPlaced: false };
  const made: number[] = [];
  let told = "";
  for (const diesAt of deaths) {
    const dying = startInstance(objects, rows, { diesAt, isConditional });
    const end = await send(dying, all, ends, known).catch((error) => error);
    await dying.bytes[Symbol.asyncDispose]();
    made.push(dying.steps.length);
    told += `died at step ${diesAt}, ${dying.steps.at(-1)}; `;
    // A dead instance fails at whatever it does next: the first failure may hide behind that of closing a file.
    assert(end === undefined || end instanceof Died || end instanceof SuppressedError, `${told}: ${end}`);
  }
  const last = startInstance(objects, rows, { isConditional });
  await send(last, all, ends, known);
  const file = await last.bytes.openFinished({ id: "a", path: PATH, length });
  assertEquals([told, file?.length, file?.modifiedAt], [told, length, 1000]);
  assert(await givesSame(file!.read(), [all]), `${told}: the bytes differ`);
  // What the dead ones did not remove, the next repair does.
  for await (const id of last.bytes.unfinished()) await last.bytes.discard(id);
  await last.bytes[Symbol.asyncDispose]();
  assertEquals([told, [...objects.objects.keys()], objects.multiparts.size], [told, [`files/${PATH}`], 0]);
  return made;
}

/** Kills an instance at every step, one run for each. Gives the number of steps. */
async function killAtEachStep(run: Run, stride = 1): Promise<number> {
  for (let diesAt = 1;; diesAt += stride) {
    const [made] = await runWith([diesAt], run);
    if (made! < diesAt) return made!;
  }
}

Deno.test("a kill between any two steps of a small file loses nothing that was acknowledged, and leaves nothing", async () => {
  for (const isConditional of [true, false]) {
    const steps = await killAtEachStep({ ends: [2000, 5000], isConditional });
    assert(steps > 20, `${steps} steps`);
  }
});

Deno.test("a kill between any two steps of a large file loses nothing that was acknowledged, and leaves nothing", async () => {
  const ends = [3 * MIB, 18 * MIB, 19 * MIB];
  const steps = await killAtEachStep({ ends, isConditional: false }, STRIDE);
  assert(steps > 50, `${steps} steps`);
});

Deno.test("two kills, each between any two steps, lose nothing that was acknowledged, and leave nothing", async () => {
  for (const [ends, stride] of [[[2000, 5000], IS_LONG ? 1 : 5], [[3 * MIB, 18 * MIB], IS_LONG ? 6 : 30]] as const) {
    const run = { ends, isConditional: false };
    const steps = await killAtEachStep(run, 1000);
    assert(steps > 20, `${steps} steps`);
    for (let first = 1; first <= steps; first += stride) {
      for (let second = 1; second <= steps; second += stride) await runWith([first, second], run);
    }
  }
});
