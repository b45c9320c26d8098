import { createHash } from "node:crypto";
import { bodyOf } from "../storage/s3/bucket.ts";
import type { S3Client } from "../storage/s3/client.ts";
import { encodedKey } from "../storage/s3/keys.ts";
import type { OpenBucket } from "../storage/s3/open_bucket.ts";
import { makeUnlessThere, reasonOf } from "../storage/s3/probe.ts";
import { isConditionalAt, PROBE_STEPS, type ProbePlace, probePlace, removeProbe } from "../storage/s3/probe_steps.ts";
import { hasStatus, S3Error } from "../storage/s3/s3_error.ts";
import { elementsOf, textOf } from "../storage/s3/xml.ts";
import { type BucketServer, bucketServerOf } from "./bucket_policy.ts";

/** One thing that uploads need of a bucket, as it was tried. */
export interface SeenStep {
  readonly code: string;
  readonly what: string;
  readonly rights: readonly string[];
  /** The reason why it fails, in one line with what to do; absent when it works. */
  readonly problem?: string;
  /** True when the server says that the key may not do it. */
  readonly isRefused?: boolean;
}

/** A rule of the bucket that is switched on. */
export interface LifecycleRule {
  readonly id: string;
  /** The objects that it is about begin with this. */
  readonly prefix: string;
  /** After so many days it removes objects; 0 for a date. */
  readonly expireDays: number | undefined;
  readonly oldVersionDays: number | undefined;
  /** True when it moves objects to another class of storage. */
  readonly moves: boolean;
}

/** The facts that were seen of a bucket. An absent one could not be looked at. */
export interface BucketSeen {
  readonly bucket: string;
  readonly isSecure: boolean;
  readonly server: BucketServer;
  /** True when it was not there and was made. */
  readonly isMade: boolean;
  readonly steps: readonly SeenStep[];
  readonly mayBeConditional: boolean;
  readonly isConditional?: boolean;
  readonly checksMd5?: boolean;
  readonly isPublic?: boolean;
  /** The server's clock minus this one, in milliseconds. */
  readonly skewMs?: number;
  /** The median of ten PUTs of 64 KiB, in milliseconds. */
  readonly putMs?: number;
  readonly versioning?: string;
  readonly lifecycle?: readonly LifecycleRule[];
  readonly isLocked?: boolean;
  /** The things that could not be looked at, each with the reason. */
  readonly skipped: readonly string[];
  /** The keys of objects that could not be removed. */
  readonly remaining: readonly string[];
}

export interface LookBucketDeps {
  /** Asks an address without a key. */
  readonly fetch: typeof fetch;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** A clock in milliseconds that never goes back. */
  readonly monotonic: () => number;
  readonly signal: AbortSignal;
}

/** How often 64 KiB are put. */
const PUTS = 10;
const SMALL = new Uint8Array(64 * 1024);

/**
 * Tries in a bucket all that a server needs, and looks at what would hurt it. All objects that are made lie below
 * `incoming/` and are removed. A bucket that is not there is made, as a server does. Throws `UnfitBucket` when nothing of
 * it can be reached.
 */
export async function lookAtBucket(open: OpenBucket, deps: LookBucketDeps): Promise<BucketSeen> {
  const { address, client, bucket } = open;
  const isMade = await makeUnlessThere(client, address);
  const skipped: string[] = [];
  const place = probePlace(bucket);
  /** Gives what a look gives, or notes why it could not be had. */
  async function looked<T>(what: string, look: () => Promise<T>): Promise<T | undefined> {
    deps.signal.throwIfAborted();
    try {
      return await look();
    } catch (error) {
      skipped.push(`${what}: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }
  let steps: SeenStep[] = [];
  let seen = {};
  try {
    steps = await runSteps(place, deps.signal, async () => {
      const works = {
        isConditional: await looked("conditional writes", () => isConditionalAt(place, address)),
        isPublic: await looked("public access", () => isReadByAll(open, place, deps)),
        checksMd5: await looked("Content-MD5", () => checksMd5(client, place)),
        putMs: await looked("the time of a PUT", () => medianPut(place, deps)),
      };
      seen = definedOnly(works);
    });
    const headers = await looked("the clock", async () => await headersOf(client)) ?? {};
    const date = Date.parse(headers.date ?? "");
    return {
      bucket: address.bucket,
      isSecure: address.endpoint.startsWith("https:"),
      server: bucketServerOf(new URL(address.endpoint).hostname, headers),
      isMade,
      steps,
      mayBeConditional: address.mayBeConditional,
      ...seen,
      ...!Number.isNaN(date) && { skewMs: date - deps.now() },
      ...definedOnly({
        versioning: await looked("versioning", () => versioningOf(client)),
        lifecycle: await looked("lifecycle rules", () => lifecycleOf(client)),
        isLocked: await looked("Object Lock", () => isLocked(client)),
      }),
      skipped,
      remaining: await removeProbe(place),
    };
  } catch (error) {
    await removeProbe(place);
    throw error;
  }
}

/** Tries each step that can be tried. `there` is called when the first object is there. */
async function runSteps(place: ProbePlace, signal: AbortSignal, there: () => Promise<void>): Promise<SeenStep[]> {
  const seen: SeenStep[] = [];
  const failed = new Set<string>();
  for (const { code, what, rights, after = [], run } of PROBE_STEPS) {
    signal.throwIfAborted();
    if (after.some((before) => failed.has(before))) {
      failed.add(code);
      continue;
    }
    try {
      await run(place);
      seen.push({ code, what, rights });
      if (code === "put") await there();
    } catch (error) {
      signal.throwIfAborted();
      failed.add(code);
      const isRefused = error instanceof S3Error && error.status === 403;
      seen.push({ code, what, rights, problem: reasonOf(rights, error), ...isRefused && { isRefused } });
    }
  }
  return seen;
}

async function headersOf(client: S3Client): Promise<Readonly<Record<string, string>>> {
  return (await client.send({ method: "GET", query: { "list-type": "2", "max-keys": "1" } })).headers;
}

async function isReadByAll({ address }: OpenBucket, { key }: ProbePlace, deps: LookBucketDeps): Promise<boolean> {
  const { endpoint, bucket, isHostStyle } = address;
  const root = isHostStyle ? endpoint.replace("://", `://${bucket}.`) : `${endpoint}/${bucket}`;
  const answer = await deps.fetch(`${root}/${encodedKey(key)}`, { signal: deps.signal, redirect: "manual" });
  await answer.body?.cancel();
  return answer.status === 200;
}

async function checksMd5(client: S3Client, { copy }: ProbePlace): Promise<boolean> {
  const bytes = new TextEncoder().encode("these bytes");
  const other = createHash("md5").update("other bytes").digest("base64");
  // A body that is asked for piece by piece gets no MD5 of its own.
  const body = {
    length: bytes.length,
    async *pieces() {
      yield await Promise.resolve(bytes);
    },
  };
  try {
    await client.send({ method: "PUT", key: copy, body, headers: { "content-md5": other } });
    return false;
  } catch (error) {
    if (hasStatus(error, 400)) return true;
    throw error;
  }
}

async function medianPut({ bucket, copy }: ProbePlace, { monotonic, signal }: LookBucketDeps): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < PUTS; count++) {
    signal.throwIfAborted();
    const begunAt = monotonic();
    await bucket.put(copy, bodyOf(SMALL));
    times.push(monotonic() - begunAt);
  }
  return times.sort((one, other) => one - other)[PUTS / 2]!;
}

async function versioningOf(client: S3Client): Promise<string> {
  const { body } = await client.send({ method: "GET", query: { versioning: "" } });
  return textOf(body, "Status") ?? "never";
}

async function lifecycleOf(client: S3Client): Promise<LifecycleRule[]> {
  try {
    const { body } = await client.send({ method: "GET", query: { lifecycle: "" } });
    return elementsOf(body, "Rule").filter(isForAll).map(ruleOf);
  } catch (error) {
    if (hasStatus(error, 404)) return [];
    throw error;
  }
}

/** True for a rule that is switched on, and not for objects with a tag alone: Pawl gives none of its own a tag. */
function isForAll(rule: string): boolean {
  return textOf(rule, "Status") === "Enabled" && elementsOf(rule, "Tag").length === 0;
}

function ruleOf(rule: string): LifecycleRule {
  const expiration = elementsOf(rule, "Expiration")[0] ?? "";
  const days = textOf(expiration, "Days");
  const oldVersions = textOf(rule, "NoncurrentDays");
  return {
    id: textOf(rule, "ID") ?? "without a name",
    prefix: textOf(rule, "Prefix") ?? "",
    expireDays: days !== undefined ? Number(days) : textOf(expiration, "Date") === undefined ? undefined : 0,
    oldVersionDays: oldVersions === undefined ? undefined : Number(oldVersions),
    moves: elementsOf(rule, "Transition").length > 0,
  };
}

async function isLocked(client: S3Client): Promise<boolean> {
  try {
    const { body } = await client.send({ method: "GET", query: { "object-lock": "" } });
    return elementsOf(body, "DefaultRetention").length > 0;
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}

function definedOnly<T extends object>(facts: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
