import { type Amount, less, NOTHING } from "../model/amount.ts";
import { linkOf, payerOf } from "../model/owner.ts";

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
