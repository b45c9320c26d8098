import { type BucketBytes, createBucketBytes } from "../../server/storage/s3/bytes.ts";
import type { Lease, Leases } from "../../server/storage/shared/leases.ts";
import type { MemoryObjects } from "./memory_bucket.ts";
import type { MemoryLeases, MemoryRows } from "./memory_leases.ts";

/** The error of every step after an instance has died. */
export class Died extends Error {
  override name = "Died";
}

/** An instance over a bucket and rows in memory. */
export interface Instance {
  readonly bytes: BucketBytes;
  readonly leases: MemoryLeases;
  /** The steps that it has made: calls of the bucket, begun and ended, and commits. */
  readonly steps: readonly string[];
  /** Commits what is left to be committed with the upload's record: the instance may acknowledge it now. */
  recorded(id: string): Promise<void>;
}

export interface InstanceOptions {
  readonly isConditional?: boolean;
  /** The number of the step at which it dies, as by `kill -9`: that step and all after it are not made. */
  readonly diesAt?: number;
}

/** Starts an instance. Its calls of the bucket, and its commits, are numbered steps. */
export function startInstance(
  objects: MemoryObjects,
  rows: MemoryRows,
  { isConditional = true, diesAt = Infinity }: InstanceOptions = {},
): Instance {
  const steps: string[] = [];
  const leases = rows.instance();
  let isDead = false;
  function step(name: string): void {
    if (!isDead) steps.push(name);
    if (steps.length < diesAt) return;
    if (!isDead) leases.fallSilent();
    isDead = true;
    throw new Died(`Died at step ${diesAt}, ${name}`);
  }
  const bytes = createBucketBytes({
    bucket: objects.client((name, when) => step(`${name} ${when}`)),
    leases: stepping(leases, step),
    isConditional,
    failed: (error) => {
      if (!(error instanceof Died)) throw error;
    },
  });
  return {
    bytes,
    leases,
    steps,
    async recorded(id) {
      step("record before");
      await leases.recorded(id);
      step("record after");
    },
  };
}

/** Makes the changes of rows numbered steps. A dead instance keeps its leases: nobody has let go. */
function stepping(leases: MemoryLeases, step: (name: string) => void): Leases {
  const lent = (lease: Lease): Lease => ({
    ...lease,
    async commit(state) {
      step("commit before");
      await lease.commit(state);
      step("commit after");
    },
    async release(clean) {
      step("release before");
      await lease.release(clean);
      step("release after");
    },
  });
  return {
    ...leases,
    async create(id, layout) {
      step("create before");
      const lease = await leases.create(id, layout);
      step("create after");
      return lease === "locked" ? lease : lent(lease);
    },
    async take(id, offset) {
      step("take before");
      const lease = await leases.take(id, offset);
      step("take after");
      return typeof lease === "object" ? lent(lease) : lease;
    },
    async remove(id, token) {
      step("remove before");
      const ids = await leases.remove(id, token);
      step("remove after");
      return ids;
    },
  };
}
