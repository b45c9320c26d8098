import type { BucketAddress } from "./address.ts";
import { nameOf } from "./address.ts";
import { bodyOf, type Bucket } from "./bucket.ts";
import type { S3Client } from "./client.ts";
import { prefixOf } from "./keys.ts";
import { BrokenConnection, hasReason, hasStatus, S3Error } from "./s3_error.ts";

/** The abilities that a bucket was seen to have. */
export interface Probed {
  /** True when the server heeds `If-None-Match` as it puts an object. */
  readonly isConditional: boolean;
  /** True when the bucket was not there and has been made. */
  readonly isMade: boolean;
  /** One line that tells all of it. */
  readonly told: string;
}

/** A bucket that uploads cannot be kept in. The message says in one line why, and what to do. */
export class UnfitBucket extends Error {
  override name = "UnfitBucket";
}

export interface ProbeOptions {
  readonly client: S3Client;
  readonly bucket: Bucket;
  readonly address: BucketAddress;
}

/** The length in bytes of the probe's part that is not the last one. Less is refused by all servers. */
const PART = 5 * 1024 * 1024;

/**
 * Tries everything in a bucket that uploads need, on objects of its own below `incoming/`, and removes them. A bucket
 * that is not there is made, where that is allowed. Throws {@linkcode UnfitBucket}.
 */
export async function probeBucket({ client, bucket, address }: ProbeOptions): Promise<Probed> {
  const name = nameOf(address);
  const isMade = await makeUnlessThere(client, address);
  const prefix = prefixOf(`.probe-${crypto.randomUUID()}`);
  const [key, copy, large] = [`${prefix}probe`, `${prefix}copy`, `${prefix}large`];
  /** Does one step, and says in plain words what cannot be done. */
  const step = async <T>(what: string, right: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw unfit(`The bucket ${name} cannot be used, because ${what} fails`, right, error);
    }
  };
  try {
    const metadata = { probe: "yes" };
    await step("putting an object", "s3:PutObject", () => bucket.put(key, bodyOf(TEXT), { metadata }));
    await step("reading an object's metadata", "s3:GetObject", async () => {
      const info = await bucket.head(key);
      if (info === undefined) throw new Error("The object that was just put is not found: the store is not consistent");
      if (info.metadata.probe !== "yes") throw new Error("The server does not keep x-amz-meta- headers");
    });
    await step("reading a part of an object", "s3:GetObject", async () => {
      for await (const piece of bucket.read({ key, from: 1, size: 2 })) {
        if (piece.length > 2) throw new Error("The server does not heed Range");
      }
    });
    const isConditional = address.mayBeConditional && await step("a conditional write", "s3:PutObject", async () => {
      try {
        await bucket.put(key, bodyOf(TEXT), { ifNone: true, metadata });
        return false;
      } catch (error) {
        if (hasStatus(error, 409, 412)) return true;
        if (hasStatus(error, 400, 501)) return false;
        throw error;
      }
    });
    await step("copying an object", "s3:GetObject and s3:PutObject", async () => {
      await bucket.copy(key, copy, TEXT.length, { metadata });
      if ((await bucket.head(copy))?.length !== TEXT.length) throw new Error("The copy is not there");
    });
    await step(
      "a multipart upload",
      "s3:PutObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts",
      async () => {
        const multipart = await bucket.begin(large);
        try {
          const parts = [
            { number: 1, etag: await bucket.putPart(multipart, 1, bodyOf(new Uint8Array(PART))) },
            { number: 2, etag: await bucket.copyPart(multipart, 2, { key, from: 0, size: TEXT.length }) },
          ];
          if ((await bucket.parts(multipart)).length !== 2) throw new Error("The server does not list the parts");
          await bucket.complete(multipart, parts, PART + TEXT.length);
        } catch (error) {
          await bucket.abort(multipart).catch(() => {});
          throw error;
        }
        if ((await bucket.head(large))?.length !== PART + TEXT.length) throw new Error("The object has another length");
      },
    );
    await step("listing objects", "s3:ListBucket", async () => {
      if ((await Array.fromAsync(bucket.list(prefix))).length !== 3) throw new Error("The list lacks objects");
    });
    await step("listing multipart uploads", "s3:ListBucketMultipartUploads", async () => {
      await Array.fromAsync(bucket.multiparts(prefix));
    });
    await step("removing an object", "s3:DeleteObject", () => bucket.remove(key));
    return { isConditional, isMade, told: told(name, isMade, isConditional, address) };
  } finally {
    for (const each of [key, copy, large]) await bucket.remove(each).catch(() => {});
  }
}

const TEXT = new TextEncoder().encode("A probe of Pawl's.");

function told(name: string, isMade: boolean, isConditional: boolean, { mayBeConditional }: BucketAddress): string {
  const conditions = isConditional
    ? "its server heeds conditional writes"
    : mayBeConditional
    ? "its server has no conditional writes, so another program could write over a file that is just being placed"
    : "its server's conditional writes are switched off";
  return `The bucket ${name} ${isMade ? "was made and " : ""}does all that is needed; ${conditions}`;
}

/** Gives true when the bucket was made. */
async function makeUnlessThere(client: S3Client, address: BucketAddress): Promise<boolean> {
  const name = nameOf(address);
  try {
    await client.send({ method: "GET", query: { "list-type": "2", "max-keys": "1" } });
    return false;
  } catch (error) {
    if (!hasReason(error, "NoSuchBucket") && !hasStatus(error, 404)) {
      throw unfit(`The bucket ${name} cannot be used`, "s3:ListBucket", error);
    }
  }
  try {
    const { region } = address;
    // AWS's first region is named by leaving it out, and other servers have no names of regions.
    const isAws = /\.amazonaws\.com(\.cn)?$/.test(new URL(address.endpoint).hostname) && region !== "us-east-1";
    const body = isAws && new TextEncoder().encode(
      `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
        `<LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
    );
    await client.send({ method: "PUT", ...body && { body: bodyOf(body) } });
    return true;
  } catch (error) {
    // Another instance that starts at the same time may have made it.
    if (hasReason(error, "BucketAlreadyOwnedByYou")) return false;
    throw unfit(`The bucket ${name} is not there, and making it fails: make it`, "s3:CreateBucket", error);
  }
}

function unfit(what: string, right: string, cause: unknown): UnfitBucket {
  return new UnfitBucket(`${what}: ${reasonOf(right, cause)}`, { cause });
}

function reasonOf(right: string, error: unknown): string {
  if (error instanceof BrokenConnection) return `${error.message}: look at the address, and whether the server runs`;
  if (!(error instanceof S3Error)) return error instanceof Error ? error.message : String(error);
  const hint = HINTS[error.reason] ?? (error.status === 403 ? `allow the key ${right}` : undefined);
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}

const HINTS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "the server does not know the key",
  SignatureDoesNotMatch: "the secret is not the key's, or another region is meant",
  AuthorizationHeaderMalformed: "set the bucket's region, as ?region=… in its address",
  PermanentRedirect: "set the bucket's region, as ?region=… in its address",
  RequestTimeTooSkewed: "set this machine's clock",
  ExpiredToken: "the key's time is over",
};
