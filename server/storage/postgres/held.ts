import { uploadKey } from "../kv/record_keys.ts";
import type { BytesChange } from "../shared/leases.ts";
import { encodeKey } from "./keys.ts";

/** An entry as the database gives it. */
export interface StoredEntry {
  readonly value: string;
  readonly version: string;
}

/** The changes that are left to be committed with the next record of an upload. */
export interface LeftState {
  readonly state: BytesChange;
  readonly committed: () => void;
}

/** A lease that a change of entries has to name, with what is to be committed by the way. */
export interface NamedLease {
  readonly id: string;
  readonly token: string;
  readonly left: LeftState | undefined;
  /** True or false when the writer lets go with this commit: whether all that it sent is in the layout. */
  readonly letsGo: boolean | undefined;
}

interface HeldLease {
  readonly token: string;
  left: LeftState | undefined;
  letsGo: boolean | undefined;
  /** True when the writer has let go by a commit. The token is still named, and is found to be gone. */
  isOver: boolean;
  /** The state that was committed last by this lease. */
  committed: BytesChange | undefined;
  /** True when nobody can tell whether a commit that failed was done, or is still to be done by the database. */
  isInDoubt: boolean;
  /** The record as it was when the lease was taken, for one read: nobody else changes it. */
  record: StoredEntry | undefined;
}

/** The leases of this instance. Every commit of an upload's record names the token of the lease. */
export class Held {
  readonly #leases = new Map<string, HeldLease>();
  /** The ids, by the key of their record. */
  readonly #ids = new Map<string, string>();

  add(id: string, token: string, record?: StoredEntry): void {
    this.#leases.set(id, {
      token,
      record,
      left: undefined,
      letsGo: undefined,
      isOver: false,
      committed: undefined,
      isInDoubt: false,
    });
    this.#ids.set(recordKey(id), id);
  }

  /** Removes a lease, if it is still the one of this token. */
  remove(id: string, token: string): void {
    if (this.#leases.get(id)?.token !== token) return;
    this.#leases.delete(id);
    this.#ids.delete(recordKey(id));
  }

  get(id: string): HeldLease | undefined {
    return this.#leases.get(id);
  }

  /** The record of that key, if it came with a lease, and was neither read nor changed since. */
  takeRecord(key: string): StoredEntry | undefined {
    const lease = this.#leases.get(this.#ids.get(key) ?? "");
    const record = lease?.record;
    if (lease !== undefined) lease.record = undefined;
    return record;
  }

  /** The leases that a change of these keys has to name, each with what is left to be committed. */
  named(keys: Iterable<string>): NamedLease[] {
    const ids = new Set([...keys].map((key) => this.#ids.get(key)).filter((id) => id !== undefined));
    return [...ids].map((id) => {
      const { token, left, letsGo } = this.#leases.get(id)!;
      return { id, token, left, letsGo };
    });
  }

  /** Takes note of a commit that failed, and of which nobody can tell whether it was done. */
  inDoubt({ id, token }: Pick<NamedLease, "id" | "token">): void {
    const lease = this.#leases.get(id);
    if (lease?.token === token) lease.isInDoubt = true;
  }

  /** Takes note of a commit. A state that it had is forgotten, unless a later one is left since. */
  committed({ id, token, left, letsGo }: NamedLease): void {
    const lease = this.#leases.get(id);
    if (lease?.token === token) {
      if (left !== undefined) lease.committed = left.state;
      if (lease.left === left) lease.left = undefined;
      if (letsGo !== undefined) lease.isOver = true;
    }
    left?.committed();
  }
}

/** The key of an upload's record, in hexadecimal. */
export function recordKey(id: string): string {
  return encodeKey(uploadKey(id));
}

/** A state as the database's functions take it: layout, length, whether there is a multipart upload, and new parts. */
export function valuesOf({ layout, length, isMultipart, newParts = [] }: BytesChange): unknown[] {
  const parts = newParts.map(({ multipart, first, etags }) => [multipart, first, etags]);
  return [JSON.stringify(layout), length, isMultipart, parts];
}
