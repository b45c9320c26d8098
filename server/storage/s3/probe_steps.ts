import type { BucketAddress } from "./address.ts";
import { bodyOf, type Bucket } from "./bucket.ts";
import { prefixOf } from "./keys.ts";
import type { Multipart } from "./layout.ts";
import { hasStatus, isUnknownToServer } from "./s3_error.ts";

/** The rights that a key needs on the bucket itself, and on the objects in it. */
export const BUCKET_RIGHTS = ["s3:ListBucket", "s3:ListBucketMultipartUploads"] as const;
export const OBJECT_RIGHTS = [
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
] as const;

export type Right = typeof BUCKET_RIGHTS[number] | typeof OBJECT_RIGHTS[number];

/** The place that the steps work on: objects of their own below `incoming/`. */
export interface ProbePlace {
  readonly bucket: Bucket;
  readonly prefix: string;
  /** The object that the first step puts. */
  readonly key: string;
  readonly copy: string;
  readonly large: string;
  /** The multipart upload that is on its way, and its parts. */
  multipart: Multipart | undefined;
  readonly parts: { readonly number: number; readonly etag: string }[];
}

/** One thing that uploads need of a bucket. */
export interface ProbeStep {
  /** A word for programs. */
  readonly code: string;
  /** The step as the subject of a sentence. */
  readonly what: string;
  readonly rights: readonly Right[];
  /** The steps without which this one cannot be done. */
  readonly after?: readonly string[];
  /** Throws what the bucket throws, or an error that says in plain words what the server does otherwise. */
  run(place: ProbePlace): Promise<void>;
}

/** The length in bytes of the part that is not the last one. Less is refused by all servers. */
const PART = 5 * 1024 * 1024;
export const PROBE_TEXT = new TextEncoder().encode("A probe of Pawl's.");
const METADATA = { probe: "yes" };

/** The begin of the names of all probes, below `incoming/`. */
export const PROBE_NAME = ".probe-";

/** The place of a probe in a bucket. */
export function probePlace(bucket: Bucket): ProbePlace {
  const prefix = prefixOf(PROBE_NAME + crypto.randomUUID());
  const [key, copy, large] = [`${prefix}probe`, `${prefix}copy`, `${prefix}large`];
  return { bucket, prefix, key, copy, large, multipart: undefined, parts: [] };
}

/** All that uploads need, in the order in which it is tried. */
export const PROBE_STEPS: readonly ProbeStep[] = [
  {
    code: "put",
    what: "putting an object",
    rights: ["s3:PutObject"],
    run: ({ bucket, key }) => bucket.put(key, bodyOf(PROBE_TEXT), { metadata: METADATA }),
  },
  {
    code: "metadata",
    what: "reading an object's metadata",
    rights: ["s3:GetObject"],
    after: ["put"],
    async run({ bucket, key }) {
      const info = await bucket.head(key);
      if (info === undefined) throw new Error("The object that was just put is not found: the store is not consistent");
      if (info.metadata.probe !== "yes") throw new Error("The server does not keep x-amz-meta- headers");
    },
  },
  {
    code: "range",
    what: "reading a part of an object",
    rights: ["s3:GetObject"],
    after: ["put"],
    async run({ bucket, key }) {
      for await (const piece of bucket.read({ key, from: 1, size: 2 })) {
        if (piece.length > 2) throw new Error("The server does not heed Range");
      }
    },
  },
  {
    code: "copy",
    what: "copying an object",
    rights: ["s3:GetObject", "s3:PutObject"],
    after: ["put"],
    async run({ bucket, key, copy }) {
      await bucket.copy(key, copy, PROBE_TEXT.length, { metadata: METADATA });
      if ((await bucket.head(copy))?.length !== PROBE_TEXT.length) throw new Error("The copy is not there");
    },
  },
  {
    code: "multipart",
    what: "a multipart upload",
    rights: ["s3:PutObject"],
    async run(place) {
      place.multipart = await place.bucket.begin(place.large);
      for (const [at, bytes] of [new Uint8Array(PART), PROBE_TEXT].entries()) {
        const number = at + 1;
        place.parts.push({ number, etag: await place.bucket.putPart(place.multipart, number, bodyOf(bytes)) });
      }
    },
  },
  {
    code: "list-parts",
    what: "listing the parts of a multipart upload",
    rights: ["s3:ListMultipartUploadParts"],
    after: ["multipart"],
    async run({ bucket, multipart, parts }) {
      const listed = await bucket.parts(multipart!);
      if (listed.length !== parts.length) throw new Error("The server does not list the parts");
    },
  },
  {
    code: "list-multiparts",
    what: "listing multipart uploads",
    rights: ["s3:ListBucketMultipartUploads"],
    async run({ bucket, prefix }) {
      await Array.fromAsync(bucket.multiparts(prefix));
    },
  },
  {
    code: "complete",
    what: "completing a multipart upload",
    rights: ["s3:PutObject"],
    after: ["multipart"],
    async run(place) {
      const { bucket, multipart, parts, large } = place;
      const length = PART + PROBE_TEXT.length;
      await bucket.complete(multipart!, parts, length);
      place.multipart = undefined;
      if ((await bucket.head(large))?.length !== length) throw new Error("The object has another length");
    },
  },
  {
    code: "copy-part",
    what: "copying a part of an object",
    rights: ["s3:GetObject", "s3:PutObject"],
    after: ["complete"],
    async run(place) {
      // The source is as long as AWS wants it (`copy_plan.ts`).
      place.multipart = await place.bucket.begin(place.large);
      await place.bucket.copyPart(place.multipart, 1, { key: place.large, from: 1, size: PROBE_TEXT.length });
    },
  },
  {
    code: "abort",
    what: "aborting a multipart upload",
    rights: ["s3:AbortMultipartUpload"],
    after: ["multipart"],
    run: async ({ bucket, large }) => bucket.abort(await bucket.begin(large)),
  },
  {
    code: "list",
    what: "listing objects",
    rights: ["s3:ListBucket"],
    after: ["put"],
    async run({ bucket, prefix, key }) {
      if (!(await Array.fromAsync(bucket.list(prefix))).includes(key)) throw new Error("The list lacks objects");
    },
  },
  {
    code: "remove",
    what: "removing an object",
    rights: ["s3:DeleteObject"],
    after: ["put"],
    async run({ bucket, key }) {
      await bucket.remove(key);
      if (await bucket.head(key) !== undefined) throw new Error("The object that was just removed is still found");
    },
  },
];

/** True when the server heeds `If-None-Match` as it puts an object over that of the first step. */
export async function isConditionalAt(
  { bucket, key }: ProbePlace,
  { mayBeConditional }: Pick<BucketAddress, "mayBeConditional">,
): Promise<boolean> {
  if (!mayBeConditional) return false;
  try {
    await bucket.put(key, bodyOf(PROBE_TEXT), { ifNone: true, metadata: METADATA });
    return false;
  } catch (error) {
    if (hasStatus(error, 409, 412)) return true;
    if (isUnknownToServer(error)) return false;
    throw error;
  }
}

/** Removes what the steps have made. What it fails at is given: the keys that remain. */
export async function removeProbe({ bucket, key, copy, large, multipart }: ProbePlace): Promise<string[]> {
  if (multipart !== undefined) await bucket.abort(multipart).catch(() => {});
  const remaining: string[] = [];
  for (const each of [key, copy, large]) {
    await bucket.remove(each).catch(() => remaining.push(each));
  }
  return remaining;
}
