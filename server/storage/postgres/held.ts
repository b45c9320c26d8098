import { uploadKey } from "../kv/record_keys.ts";
import type { BytesChange, BytesRow } from "../shared/leases.ts";
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

/** The lease of an upload, as its holder knows it. */
export interface HeldLease {
  readonly id: string;
  /** The token that the upload's row has, unless the upload is lost. Every commit names it. */
  token: string;
  /** The token that is to take the place of `token` (`fence.ts`). The row may have it already. */
  nextToken: string | undefined;
  /** True when a commit by `token` has failed, and nobody can tell whether the database did it, or will do it late. */
  isInDoubt: boolean;
  /** The change of the token that is under way. */
  changing: Promise<void> | undefined;
  left: LeftState | undefined;
  letsGo: boolean | undefined;
  /** True when the writer has let go by a commit. The token is still named, and is found to be gone. */
  isOver: boolean;
  /** The record as it was when the lease was taken, for one read: nobody else changes it. */
  record: StoredEntry | undefined;
  /** How many numbers its writers have got for what they made (`Lease.nextNumber`). */
  numbers: number;
  /** True when a commit by its token had new parts. */
  hasNewParts: boolean;
  /** How many writers of this instance wrote to the upload just before this one, with nobody between them. */
  readonly run: number;
  /** True when the lease has rested, and nothing was committed by it since: another instance may have the upload. */
  isUnverified: boolean;
  /** True when the next commit that lets go is to leave the token in the row, for the next writer of this instance. */
  mayRest: boolean;
  /** The row as it is while no writer has the lease, and the row has its token still (`resting.ts`). */
  rested: BytesRow | undefined;
}

/** A lease as a change of entries names it, with what is to be committed by the way. */
export interface NamedLease {
  readonly lease: HeldLease;
  readonly token: string;
  readonly left: LeftState | undefined;
  /** True or false when the writer lets go with this commit: whether all that it sent is in the layout. */
  readonly letsGo: boolean | undefined;
  /** True when the writer lets go with this commit, and the row keeps the token. */
  readonly rests: boolean;
}

/** The leases of this instance. Every commit of an upload's record names the token of the lease. */
export class Held {
  readonly #leases = new Map<string, HeldLease>();
  /** The ids, by the key of their record. */
  readonly #ids = new Map<string, string>();
  /** The leases that rest, by the key of their record. */
  readonly #resting = new Map<string, HeldLease>();

  add(
    id: string,
    token: string,
    { record, numbers = 0, run = 0, isUnverified = false }: Partial<
      Pick<HeldLease, "record" | "numbers" | "run" | "isUnverified">
    > = {},
  ): HeldLease {
    const lease: HeldLease = {
      id,
      token,
      record,
      numbers,
      run,
      isUnverified,
      hasNewParts: false,
      mayRest: false,
      rested: undefined,
      nextToken: undefined,
      isInDoubt: false,
      changing: undefined,
      left: undefined,
      letsGo: undefined,
      isOver: false,
    };
    this.#leases.set(id, lease);
    this.#ids.set(recordKey(id), id);
    return lease;
  }

  /** Removes a lease, if it is still the one that is held. */
  remove(lease: HeldLease): void {
    if (this.#leases.get(lease.id) !== lease) return;
    this.#leases.delete(lease.id);
    this.#ids.delete(recordKey(lease.id));
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

  /** Keeps a lease that rests from now on: no writer has it, and no commit names it. */
  rest(lease: HeldLease): void {
    this.remove(lease);
    this.#resting.set(recordKey(lease.id), lease);
  }

  /** Takes out the lease of an upload that rests. */
  takeResting(id: string): HeldLease | undefined {
    const key = recordKey(id);
    const lease = this.#resting.get(key);
    this.#resting.delete(key);
    return lease;
  }

  /** Forgets the record of that key: it is about to be changed. */
  forgetRecord(key: string): void {
    this.takeRecord(key);
    const resting = this.#resting.get(key);
    if (resting !== undefined) resting.record = undefined;
  }

  /** The leases that a change of these keys has to name. */
  of(keys: Iterable<string>): HeldLease[] {
    const ids = new Set([...keys].map((key) => this.#ids.get(key)).filter((id) => id !== undefined));
    return [...ids].map((id) => this.#leases.get(id)!);
  }
}

/** Names a lease, with what is left to be committed. */
export function named(lease: HeldLease): NamedLease {
  const { token, left, letsGo } = lease;
  // Without a state of its own the commit does not tell what the row has.
  // After a fail-over that has lost this commit the token is there still, but the ETags of its parts are not.
  const rests = lease.mayRest && letsGo === true && left !== undefined && !hasParts(left.state);
  return { lease, token, left, letsGo: rests ? undefined : letsGo, rests };
}

/** Takes note of a commit that failed, and of which nobody can tell whether it was done, or is still to be done. */
export function inDoubt({ lease, token }: Pick<NamedLease, "lease" | "token">): void {
  // A commit by an earlier token can come no more.
  if (lease.token === token) lease.isInDoubt = true;
}

/**
 * Takes note of a commit that has put these records. A state that it had is forgotten, unless a later one is left since.
 */
export function committed({ lease, token, left, letsGo, rests }: NamedLease, put: ReadonlyMap<string, string>): void {
  lease.isUnverified = false;
  if (left !== undefined && hasParts(left.state)) lease.hasNewParts = true;
  if (lease.left === left) lease.left = undefined;
  if (letsGo !== undefined) lease.isOver = true;
  const value = put.get(recordKey(lease.id));
  if (rests && left !== undefined && value !== undefined) {
    const { newParts: _, ...state } = left.state;
    lease.rested = { ...state, clean: true, writtenBy: token };
    // Nobody knows the version that the record has got. A change that names this one is refused.
    lease.record = { value, version: crypto.randomUUID() };
  }
  left?.committed();
}

/** True when a state has new parts. */
export function hasParts({ newParts = [] }: BytesChange): boolean {
  return newParts.length > 0;
}

/** The tokens of which the upload's row has one, unless the upload is lost. */
export function tokensOf({ token, nextToken }: HeldLease): readonly string[] {
  return nextToken === undefined ? [token] : [token, nextToken];
}

/** Makes the random token of a lease. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
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
