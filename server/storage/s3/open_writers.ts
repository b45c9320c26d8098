import { lockedElsewhere } from "../../model/agree.ts";
import type { Json, Lease, Leases } from "../shared/leases.ts";
import { entryOf, prefixOf } from "./keys.ts";
import { EMPTY } from "./layout.ts";
import { BucketWriter, type WriterDeps } from "./writer.ts";

export interface OpenWritersOptions {
  readonly leases: Leases;
  readonly deps: Omit<WriterDeps, "closed">;
  /** Called with what failed that nobody waits for. */
  readonly failed: (error: unknown) => void;
}

/** The writers of this instance, one for each upload that it has the lease of (I3). */
export class OpenWriters {
  readonly #leases: Leases;
  readonly #deps: WriterDeps;
  readonly #failed: (error: unknown) => void;
  readonly #open = new Map<string, BucketWriter>();
  /** The ids of the uploads whose leases are being taken. */
  readonly #taking = new Set<string>();

  constructor({ leases, deps, failed }: OpenWritersOptions) {
    this.#leases = leases;
    this.#failed = failed;
    this.#deps = {
      ...deps,
      closed: (writer) => {
        if (this.#open.get(writer.id) === writer) this.#open.delete(writer.id);
      },
    };
  }

  /** The upload's writer that is open now. */
  get(id: string): BucketWriter | undefined {
    return this.#open.get(entryOf(id));
  }

  /** All writers that are open now. */
  all(): BucketWriter[] {
    return [...this.#open.values()];
  }

  /** Makes the row of a new upload, and gives its writer. `locked` when there is a row already. */
  async create(id: string): Promise<BucketWriter | "locked"> {
    const lease = await this.#leases.create(entryOf(id), EMPTY as unknown as Json);
    return lease === "locked" ? lease : this.#write(lease, true);
  }

  /** Takes an upload, as `Leases.take` does, and gives its writer. */
  async open(id: string, offset?: number): Promise<BucketWriter | "locked" | "receiving" | undefined> {
    // A lease that is being taken is not known yet: to take it once more would be to take it away from here.
    if (this.#open.has(entryOf(id)) || this.#taking.has(id)) return "locked";
    this.#taking.add(id);
    try {
      const lease = await this.#leases.take(id, offset);
      if (typeof lease !== "object") return lease;
      if (!lease.found.clean) await this.#expectMore(lease);
      return this.#write(lease, false);
    } finally {
      this.#taking.delete(id);
    }
  }

  /** Does `work` with an upload's writer: the one that is open, or one for this work alone. */
  async with<T>(id: string, work: (writer: BucketWriter) => Promise<T>): Promise<T | undefined> {
    const known = this.get(id);
    if (known !== undefined) return await work(known);
    const taken = await this.open(id);
    if (taken === undefined) return undefined;
    if (typeof taken === "string") throw lockedElsewhere();
    await using writer = taken;
    return await work(writer);
  }

  #write(lease: Lease, isNew: boolean): BucketWriter {
    const writer = new BucketWriter(lease, this.#deps, { isNew });
    this.#open.set(lease.id, writer);
    return writer;
  }

  /** Remembers that the writer before this one may be stopped, and send more when it goes on. */
  async #expectMore(lease: Lease): Promise<void> {
    try {
      await this.#leases.expectLate({ key: prefixOf(lease.id), id: lease.id });
    } catch (error) {
      await lease.release(false).catch(this.#failed);
      throw error;
    }
  }
}
