import type { BytesState, Json, Lease } from "../shared/leases.ts";
import { prefixOf } from "./keys.ts";
import { isMultipart, type Layout, lengthOf, readLayout, unneeded, withFrozen } from "./layout.ts";

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
  #objects = 0;

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
    return `${prefixOf(this.#lease.id)}${this.#lease.token}/${name}-${++this.#objects}`;
  }

  /** Says that an object is not needed, although the layout never had it. */
  addGarbage(key: string): void {
    this.#garbage.add(key);
  }

  /** Leaves the layout to be committed with the record. */
  leave(): void {
    if (this.#layout === this.#told) return;
    this.#told = this.#layout;
    this.#lease.commitWithRecord(stateOf(this.#layout), this.#sweeping());
  }

  /** Commits the layout, if it is not committed or left to be. */
  async commit(): Promise<void> {
    if (this.#layout === this.#told) return;
    const layout = this.#layout;
    const sweep = this.#sweeping();
    await this.#lease.commit(stateOf(layout));
    this.#told = layout;
    sweep();
  }

  /** Gives what removes the objects that are not needed once the layout is committed. */
  #sweeping(): () => void {
    const keys = [...this.#garbage];
    return () => {
      const gone = keys.filter((key) => !this.#options.isReading(key));
      for (const key of gone) this.#garbage.delete(key);
      for (const key of gone) this.#made?.delete(key);
      this.#options.remove(gone);
    };
  }
}

function stateOf(layout: Layout): BytesState {
  return {
    layout: JSON.parse(JSON.stringify(layout)) as Json,
    length: lengthOf(layout),
    isMultipart: isMultipart(layout),
  };
}
