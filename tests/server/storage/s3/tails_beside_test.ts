import { assert, assertEquals } from "@std/assert";
import { UploadError } from "../../../../server/errors.ts";
import { type BucketBytes, createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { givesSame, someBytes } from "../../../support/bytes.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";
import { Random } from "../../../support/random.ts";

const MIB = 1024 * 1024;
const source = someBytes(24 * MIB);

/** The bytes that an upload must have, as parts of others: tens of megabytes that are copied at each step take long. */
class Expected {
  readonly pieces: Uint8Array[] = [];

  get length(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  append(piece: Uint8Array): void {
    this.pieces.push(piece);
  }

  cut(length: number): void {
    let surplus = this.length - length;
    while (surplus > 0) {
      const last = this.pieces.pop()!;
      if (last.length > surplus) this.pieces.push(last.subarray(0, last.length - surplus));
      surplus -= last.length;
    }
  }
}

/** Plays an upload at two instances that append and cut in turn. Tells whether it has the bytes at the end that it must have. */
async function play(seed: number): Promise<boolean> {
  const random = new Random(seed);
  const [objects, rows] = [new MemoryObjects(), new MemoryRows()];
  await using open = new AsyncDisposableStack();
  let isBroken = false;
  const instances: BucketBytes[] = [0, 1].map(() =>
    open.use(createBucketBytes({
      bucket: objects.client((name, when) => {
        if (isBroken && when === "before" && name.startsWith("put")) throw new Error("The bucket is broken");
      }),
      leases: rows.instance(),
      isConditional: true,
      maxParts: 2,
    }))
  );
  const most = random.chance(1 / 4) ? 6 * MIB : 300;
  const expected = new Expected();
  {
    const file = await instances[0]!.create("a");
    assert(typeof file === "object");
    await file[Symbol.asyncDispose]();
  }
  for (let step = 0; step < 20; step++) {
    const bytes = random.pick(instances as [BucketBytes, BucketBytes]);
    const file = await bytes.open("a");
    assert(typeof file === "object", `${String(file)}`);
    try {
      assertEquals(file.length, expected.length);
      for (let count = random.integer(0, 3); count > 0; count--) {
        const at = random.integer(0, 10 * MIB);
        const piece = source.subarray(at, at + 1 + random.integer(0, most));
        const wish = random.integer(0, 9);
        if (wish < 5) {
          await file.write(piece);
          await file.flush();
          expected.append(piece);
        } else if (wish < 7) {
          // The bytes are refused after they were written.
          await file.write(piece);
          if (random.chance(1 / 2)) await file.checkpoint();
          await file.cut(expected.length);
        } else if (wish < 8) {
          // Other bytes take the place of the last ones.
          const other = piece.subarray(0, expected.length);
          expected.cut(expected.length - other.length);
          await file.cut(expected.length);
          await file.write(other);
          await file.flush();
          expected.append(other);
        } else if (wish < 9) {
          const length = random.integer(0, expected.length);
          await file.cut(length);
          expected.cut(length);
        } else {
          isBroken = true;
          await file.write(piece).catch(() => {});
          await file.flush().catch(() => {});
          isBroken = false;
          await file.cut(expected.length).catch((error) => {
            if (error instanceof UploadError) throw error;
          });
        }
      }
    } finally {
      await file[Symbol.asyncDispose]();
    }
  }
  const bytes = random.pick(instances as [BucketBytes, BucketBytes]);
  {
    const file = await bytes.open("a");
    assert(typeof file === "object");
    await file.seal();
    assertEquals(await bytes.place("a", "x"), true);
    await bytes.removeEntry("a");
    await file[Symbol.asyncDispose]();
  }
  const placed = await bytes.openFinished({ id: "a", path: "x", length: expected.length });
  return await givesSame(placed!.read(), expected.pieces);
}

Deno.test("bytes that one instance keeps are never those that another one has cut or written anew", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    assert(await play(seed), `Seed ${seed}: the bytes differ`);
  }
});
