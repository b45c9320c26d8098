import { type BucketAddress, nameOf } from "./address.ts";
import { bodyOf, type Bucket } from "./bucket.ts";
import type { S3Client } from "./client.ts";
import { isConditionalAt, PROBE_STEPS, probePlace, removeProbe } from "./probe_steps.ts";
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

/**
 * Tries everything in a bucket that uploads need, on objects of its own below `incoming/`, and removes them. A bucket
 * that is not there is made, where that is allowed. Throws {@linkcode UnfitBucket}.
 */
export async function probeBucket({ client, bucket, address }: ProbeOptions): Promise<Probed> {
  const name = nameOf(address);
  const isMade = await makeUnlessThere(client, address);
  const place = probePlace(bucket);
  /** Does one step, and says in plain words what cannot be done. */
  const step = async <T>(what: string, rights: readonly string[], work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw unfit(`The bucket ${name} cannot be used, because ${what} fails`, rights, error);
    }
  };
  try {
    let isConditional = false;
    for (const { code, what, rights, run } of PROBE_STEPS) {
      await step(what, rights, () => run(place));
      if (code !== "put") continue;
      isConditional = await step("a conditional write", rights, () => isConditionalAt(place, address));
    }
    return { isConditional, isMade, told: told(name, isMade, isConditional, address) };
  } finally {
    await removeProbe(place);
  }
}

function told(name: string, isMade: boolean, isConditional: boolean, { mayBeConditional }: BucketAddress): string {
  const conditions = isConditional
    ? "its server heeds conditional writes"
    : mayBeConditional
    ? "its server has no conditional writes, so another program could write over a file that is just being placed"
    : "its server's conditional writes are switched off";
  return `The bucket ${name} ${isMade ? "was made and " : ""}does all that is needed; ${conditions}`;
}

/** Makes a bucket that is not there. Gives true when it was made. Throws {@linkcode UnfitBucket}. */
export async function makeUnlessThere(client: S3Client, address: BucketAddress): Promise<boolean> {
  const name = nameOf(address);
  try {
    await client.send({ method: "GET", query: { "list-type": "2", "max-keys": "1" } });
    return false;
  } catch (error) {
    if (!hasReason(error, "NoSuchBucket") && !hasStatus(error, 404)) {
      throw unfit(`The bucket ${name} cannot be used`, ["s3:ListBucket"], error);
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
    throw unfit(`The bucket ${name} is not there, and making it fails: make it`, ["s3:CreateBucket"], error);
  }
}

function unfit(what: string, rights: readonly string[], cause: unknown): UnfitBucket {
  return new UnfitBucket(`${what}: ${reasonOf(rights, cause)}`, { cause });
}

/** Says in one line why a request of the probe failed, and what to do. */
export function reasonOf(rights: readonly string[], error: unknown): string {
  if (error instanceof BrokenConnection) return `${error.message}: look at the address, and whether the server runs`;
  if (!(error instanceof S3Error)) return error instanceof Error ? error.message : String(error);
  const hint = HINTS[error.reason] ?? (error.status === 403 ? `allow the key ${rights.join(" and ")}` : undefined);
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}

const HINTS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "the server does not know the key",
  SignatureDoesNotMatch: "the key or its secret is wrong, or another region is meant",
  AuthorizationHeaderMalformed: "set the bucket's region, as ?region=… in its address",
  PermanentRedirect: "set the bucket's region, as ?region=… in its address",
  RequestTimeTooSkewed: "set this machine's clock",
  ExpiredToken: "the key's time is over",
};
