import { assert, assertEquals } from "@std/assert";
import { type BucketBytes, createBucketBytes } from "../../server/storage/s3/bytes.ts";
import type { UnfinishedFile } from "../../server/storage/store.ts";
import { givesSame, someBytes } from "./bytes.ts";
import { type Habits, MemoryObjects } from "./memory_bucket.ts";
import { type MemoryLeases, MemoryRows } from "./memory_leases.ts";

export const MIB = 1024 * 1024;
/** The bytes of a file. */
export const all = someBytes(40 * MIB);
/** As many bytes that must not enter a file. */
export const others = new Uint8Array(all.length);

/** One instance on a bucket and on rows in memory. */
export interface BucketSite extends AsyncDisposable {
  readonly bytes: BucketBytes;
  readonly leases: MemoryLeases;
  /** The calls of the bucket since the last look. */
  calls(): string[];
}

export interface BucketSiteOptions extends Habits {
  /** The most parts of one multipart upload. */
  readonly maxParts?: number;
  /** Called before each call of the bucket. What it throws the call throws. */
  readonly before?: (name: string) => void | Promise<void>;
  /** Called after each call of the bucket. */
  readonly after?: (name: string) => void | Promise<void>;
}

/** Makes an instance, on a bucket and rows of its own or on those of others. */
export function bucketSite(
  { before, after, maxParts, ...habits }: BucketSiteOptions = {},
  objects: MemoryObjects = new MemoryObjects(habits),
  rows: MemoryRows = new MemoryRows(),
): BucketSite {
  const calls: string[] = [];
  const leases = rows.instance();
  const bytes = createBucketBytes({
    bucket: objects.client(async (name, when) => {
      if (when === "before") calls.push(name);
      await (when === "before" ? before : after)?.(name);
    }),
    leases,
    isConditional: habits.isConditional ?? true,
    ...maxParts !== undefined && { maxParts },
  });
  return {
    bytes,
    leases,
    calls: () => calls.splice(0),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

/** Opens an unfinished file, made where there is none. */
export async function opened(bytes: BucketBytes, id = "a"): Promise<UnfinishedFile> {
  const file = await bytes.open(id) ?? await bytes.create(id);
  assert(typeof file === "object");
  return file;
}

/** Appends bytes to the upload `a`, in pieces. */
export async function send(bytes: BucketBytes, content: Uint8Array, piece = content.length): Promise<void> {
  await using file = await opened(bytes);
  for (let at = 0; at < content.length; at += piece) await file.write(content.subarray(at, at + piece));
  await file.flush();
}

/** Finishes the upload `a` as `files/x`, and compares it with the first `length` bytes of {@linkcode all}. */
export async function finish({ bytes }: BucketSite, length: number): Promise<void> {
  {
    await using file = await opened(bytes);
    await file.seal();
    assertEquals(await bytes.place("a", "x"), true);
    await bytes.removeEntry("a");
  }
  const file = await bytes.openFinished({ id: "a", path: "x", length });
  assert(await givesSame(file!.read(), [all.subarray(0, length)]), "The bytes differ");
}
