import type { BytesChange, Json, Lease, NewParts } from "../shared/leases.ts";
import { prefixOf } from "./keys.ts";
import {
  isMultipart,
  type Large,
  type Layout,
  lengthOf,
  type Multipart,
  readLayout,
  unneeded,
  withFrozen,
  withPart,
} from "./layout.ts";

export interface KeptLayoutOptions {
  /** True for an upload that this writer has just made. */
  readonly isNew: boolean;
  /** Removes objects that nobody needs any more, behind the caller's back. */
  readonly remove: (keys: readonly string[]) => void;
  /** True while bytes are read from an object. */
  readonly isReading: (key: string) => boolean;
}

/** The layout of an upload in the hands of its writer: what lies in the bucket. It counts when it is committed. */
export class KeptLayout {
  readonly #lease: Lease;
  readonly #options: KeptLayoutOptions;
  #layout: Layout;
  /** The layout that was committed last, or is left to be committed. */
  #told: Layout;
  /** Objects that are not needed any more, once the layout is committed. */
  readonly #garbage = new Set<string>();
  /** The keys of all objects that this writer has made, if nobody else ever wrote to the upload. */
  #made: Set<string> | undefined;
  #hasTold = false;
  /** The parts that this writer has sent and no commit has told of, by the keys of their objects. */
  #newParts: ReadonlyMap<string, NewParts> = new Map();

  constructor(lease: Lease, options: KeptLayoutOptions) {
    this.#lease = lease;
    this.#options = options;
    const layout = readLayout(lease.found.layout);
    this.#told = layout;
    // A writer that died may have sent parts that nobody recorded. The next writer has to know that too.
    this.#layout = lease.found.clean ? layout : withFrozen(layout);
    this.#made = options.isNew ? new Set() : undefined;
  }

  /** The layout of the bytes that lie in the bucket. */
  get now(): Layout {
    return this.#layout;
  }

  set(layout: Layout): void {
    for (const key of unneeded(this.#layout, layout)) this.#garbage.add(key);
    this.#layout = layout;
  }

  /** Adds the next part of a multipart upload to the layout, as `withPart` says. */
  addPart(multipart: Multipart, etag: string, size: number): void {
    this.set(withPart(this.#layout, multipart, size));
    const { key, parts = 1 } = this.#layout.large.at(-1)!;
    const { first, etags } = this.#newParts.get(key) ?? { first: parts, etags: [] };
    this.#newParts = new Map(this.#newParts).set(key, { multipart: key, first, etags: [...etags, etag] });
  }

  /** The ETags of all parts of a piece's multipart upload. */
  async etagsOf({ key, parts = 0 }: Large): Promise<readonly string[]> {
    const { first = Infinity, etags = [] } = this.#newParts.get(key) ?? {};
    // A commit whose answer was lost may have told of some of the new ones.
    const told = first === 1 ? [] : (await this.#lease.etags(key)).slice(0, Math.min(first - 1, parts));
    const known = [...told, ...etags];
    if (known.length === parts) return known;
    throw new Error(`The database has the ETags of ${known.length} of the ${parts} parts of ${key}`);
  }

  /**
   * The keys of all objects that the upload ever got; `undefined` when only the bucket knows, because somebody else wrote
   * to it, or a multipart upload was begun.
   */
  get allKeys(): readonly string[] | undefined {
    return this.#made && [...this.#made];
  }

  /** The key of a new object that bytes are put into at once. */
  smallKey(): string {
    const key = this.#newKey("small");
    this.#made?.add(key);
    return key;
  }

  /** The key of a new multipart upload. */
  partsKey(): string {
    this.#made = undefined;
    return this.#newKey("parts");
  }

  #newKey(name: string): string {
    return `${prefixOf(this.#lease.id)}${this.#lease.token}/${name}-${this.#lease.nextNumber()}`;
  }

  /** The token of the writer whose layout the row has, when all that was left to be committed is. */
  get writtenBy(): string | undefined {
    return this.#hasTold ? this.#lease.token : this.#lease.found.writtenBy;
  }

  /** Says that an object is not needed, although the layout never had it. */
  addGarbage(key: string): void {
    this.#garbage.add(key);
  }

  /** Leaves the layout to be committed with the record. */
  leave(): void {
    if (this.#layout === this.#told) return;
    this.#told = this.#layout;
    this.#lease.commitWithRecord(this.#change(), this.#sweeping());
  }

  /** Commits the layout, if it is not committed or left to be. */
  async commit(): Promise<void> {
    if (this.#layout === this.#told) return;
    const layout = this.#layout;
    const sweep = this.#sweeping();
    await this.#lease.commit(this.#change());
    this.#told = layout;
    sweep();
  }

  #change(): BytesChange {
    this.#hasTold = true;
    return {
      layout: this.#layout as unknown as Json,
      length: lengthOf(this.#layout),
      isMultipart: isMultipart(this.#layout),
      newParts: [...this.#newParts.values()],
    };
  }

  /** Gives what removes the objects that are not needed once the layout is committed. */
  #sweeping(): () => void {
    const keys = [...this.#garbage];
    const told = this.#newParts;
    return () => {
      this.#newParts = without(this.#newParts, told);
      const gone = keys.filter((key) => !this.#options.isReading(key));
      for (const key of gone) this.#garbage.delete(key);
      for (const key of gone) this.#made?.delete(key);
      this.#options.remove(gone);
    };
  }
}

/** The parts of `all` that `told` does not have. */
function without(all: ReadonlyMap<string, NewParts>, told: ReadonlyMap<string, NewParts>): Map<string, NewParts> {
  const rest = [...all].map(([key, { multipart, first, etags }]) => {
    const { first: from, etags: known } = told.get(key) ?? { first, etags: [] };
    const count = Math.max(0, from + known.length - first);
    return [key, { multipart, first: first + count, etags: etags.slice(count) }] as const;
  });
  return new Map(rest.filter(([, { etags }]) => etags.length > 0));
}
