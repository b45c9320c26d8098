import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { UploadError } from "../../../../server/errors.ts";
import { type BucketBytes, createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { someBytes } from "../../../support/bytes.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";
import { Random } from "../../../support/random.ts";

const MIB = 1024 * 1024;
const source = someBytes(24 * MIB);

/** Plays an upload at two instances that append and cut in turn. Gives what it must have at the end, and what it has. */
async function play(seed: number): Promise<{ expected: Uint8Array; found: Uint8Array }> {
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
  let expected = Buffer.alloc(0);
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
          expected = Buffer.concat([expected, piece]);
        } else if (wish < 7) {
          // The bytes are refused after they were written.
          await file.write(piece);
          if (random.chance(1 / 2)) await file.checkpoint();
          await file.cut(expected.length);
        } else if (wish < 8) {
          // Other bytes take the place of the last ones.
          const end = expected.subarray(0, Math.max(0, expected.length - piece.length));
          await file.cut(end.length);
          await file.write(piece.subarray(0, expected.length - end.length));
          await file.flush();
          expected = Buffer.concat([end, piece.subarray(0, expected.length - end.length)]);
        } else if (wish < 9) {
          const length = random.integer(0, expected.length);
          await file.cut(length);
          expected = expected.subarray(0, length);
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
  const found = await new Response(placed!.read()).bytes();
  return { expected, found };
}

Deno.test("bytes that one instance keeps are never those that another one has cut or written anew", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { expected, found } = await play(seed);
    assert(Buffer.compare(expected, found) === 0, `Seed ${seed}: the bytes differ`);
  }
});
