import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { type BucketBytes, createBucketBytes } from "../../../../server/storage/s3/bytes.ts";
import { BrokenConnection } from "../../../../server/storage/s3/s3_error.ts";
import type { UnfinishedFile } from "../../../../server/storage/store.ts";
import { someBytes } from "../../../support/bytes.ts";
import { MemoryObjects } from "../../../support/memory_bucket.ts";
import { MemoryRows } from "../../../support/memory_leases.ts";

const MIB = 1024 * 1024;
/** One full part, and the rest. */
const all = someBytes(8 * MIB + 1000);

type Called = (name: string, when: "before" | "after") => void | Promise<void>;

async function opened(bytes: BucketBytes): Promise<UnfinishedFile> {
  const file = await bytes.open("a") ?? await bytes.create("a");
  assert(typeof file === "object");
  return file;
}

/** An instance sends a whole file, and dies as `dies` lets its completion fail. Gives the bucket and the rows it leaves. */
async function left(isBusyForEver: boolean, dies: Called) {
  const [objects, rows] = [new MemoryObjects({ isBusyForEver }), new MemoryRows()];
  const leases = rows.instance();
  let isDead = false;
  const bucket = objects.client((name, when) => {
    if (isDead) return new Promise(() => {});
    return dies(name, when);
  });
  const bytes = createBucketBytes({ bucket, leases, isConditional: true });
  const file = await opened(bytes);
  await file.write(all);
  await file.flush();
  await leases.recorded("a");
  await assertRejects(() => bytes.place("a", "x"), BrokenConnection);
  isDead = true;
  leases.fallSilent();
  return { objects, rows };
}

/** Another instance finishes the file at the first attempt. Gives how often it has completed something. */
async function finishElsewhere(
  { objects, rows }: Awaited<ReturnType<typeof left>>,
  called: Called = () => {},
): Promise<number> {
  let completions = 0;
  const bucket = objects.client(async (name, when) => {
    if (name === "complete" && when === "before") completions++;
    await called(name, when);
  });
  await using bytes = createBucketBytes({ bucket, leases: rows.instance(), isConditional: true });
  {
    await using _file = await opened(bytes);
    assertEquals(await bytes.place("a", "x"), true);
    await bytes.removeEntry("a");
  }
  const file = await bytes.openFinished({ id: "a", path: "x", length: all.length });
  const content = await new Response(file!.read()).bytes();
  assert(Buffer.compare(content, all) === 0, "The bytes differ");
  return completions;
}

const lostAt = (place: "before" | "after"): Called => (name, when) => {
  if (name === "complete" && when === place) throw new BrokenConnection("The answer is lost", { isLate: true });
};

for (const isBusyForEver of [true, false]) {
  const server = isBusyForEver ? "a server that says for ever that it is at work" : "a server that knows it no more";

  Deno.test(`an upload goes on whose completion was done, but not recorded, on ${server}`, async () => {
    const site = await left(isBusyForEver, lostAt("after"));
    assertEquals(site.objects.multiparts.size, 0);
    // One that is refused, for it does not know of the last part, and that of the finished file.
    assertEquals(await finishElsewhere(site), 2);
  });

  Deno.test(`an upload goes on whose completion is done late, on ${server}`, async () => {
    const site = await left(isBusyForEver, lostAt("before"));
    const [uploadId, { key, parts }] = [...site.objects.multiparts][0]!;
    const late = [...parts].map(([number, { etag }]) => ({ number, etag }));
    let isDone = false;
    const completions = await finishElsewhere(site, async (name, when) => {
      if (name !== "parts" || when !== "before" || isDone) return;
      isDone = true;
      await site.objects.client().complete({ key, uploadId }, late, all.length);
    });
    // Before it without the last part, after it, and that of the finished file.
    assertEquals([isDone, completions], [true, 3]);
  });
}

Deno.test("an upload goes on whose completion never came to the server", async () => {
  const site = await left(true, lostAt("before"));
  // Without the last part, with it, and that of the finished file.
  assertEquals(await finishElsewhere(site), 3);
});
