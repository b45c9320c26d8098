import { linkOf, payerOf } from "../model/owner.ts";

/** An amount of files and of their bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

export const NOTHING: Amount = { files: 0, bytes: 0 };

/** The amount less another one. */
export function less(amount: Amount, other: Amount): Amount {
  return { files: amount.files - other.files, bytes: amount.bytes - other.bytes };
}

/** The part of an amount that another one has too. */
export function shared(amount: Amount, other: Amount): Amount {
  return { files: Math.min(amount.files, other.files), bytes: Math.min(amount.bytes, other.bytes) };
}

/** The amounts that each owner has, that came by each upload link, and the bytes of all together. */
export class Amounts {
  readonly #byName = new Map<string, Amount>();
  #totalBytes = 0;

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** The amount of an owner, or of a link (`linkOf`). */
  of(name: string | undefined): Amount {
    return this.#byName.get(name ?? "") ?? NOTHING;
  }

  /** Counts more of the owner of an upload, and of its link. */
  add(owner: string, { files, bytes }: Amount): void {
    this.#totalBytes += bytes;
    for (const name of [payerOf(owner), linkOf(owner)]) {
      if (name === undefined) continue;
      const before = this.of(name);
      this.#byName.set(name, { files: Math.max(0, before.files + files), bytes: Math.max(0, before.bytes + bytes) });
    }
  }

  /** Counts less of them. */
  subtract(owner: string, amount: Amount): void {
    this.add(owner, less(NOTHING, amount));
  }

  clear(): void {
    this.#totalBytes = 0;
    this.#byName.clear();
  }
}
