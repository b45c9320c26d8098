import { UploadError } from "../errors.ts";
import { ANONYMOUS, linkOf, payerOf } from "../model/owner.ts";
import type { ReceivingUpload, Upload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";

/** The facts of an unfinished upload that are counted: its owner and address, the folders of its file, and its bytes. */
type Known = Pick<ReceivingUpload, "owner" | "from" | "folders" | "offset">;

/**
 * Counts the unfinished uploads of each owner, and of each address that began some, and refuses one more than `max`, which may change.
 * Those who have not signed in have one owner together, so for them the address alone counts. All visitors of an upload
 * link count together, because anybody can be as many of them as he likes.
 *
 * It counts by what this process does to the records, and by what {@linkcode load} finds. What another process on the
 * same data folder begins is counted from the next start on.
 */
export class Unfinished {
  readonly #limits: { readonly maxUnfinished: number };
  readonly #known = new Map<string, Known>();
  readonly #owners = new Map<string, number>();
  readonly #addresses = new Map<string, number>();
  #bytes = 0;
  /** The uploads that ended while {@linkcode load} runs: what it has read of them may be older. */
  #endedMeanwhile: Set<string> | undefined;

  constructor(limits: { readonly maxUnfinished: number }) {
    this.#limits = limits;
  }

  /** The most unfinished uploads of one owner, and of one address. */
  get max(): number {
    return this.#limits.maxUnfinished;
  }

  /** How many unfinished uploads there are, of all owners. */
  get count(): number {
    return this.#known.size;
  }

  /** How many bytes all unfinished uploads have, by their records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many unfinished uploads an owner has. */
  countOf(owner: string): number {
    return this.#owners.get(counterOf(owner)) ?? 0;
  }

  /** The folders of the unfinished uploads of an owner, with those that come by its links. */
  *foldersOf(payer: string): Generator<readonly string[]> {
    for (const { owner, folders } of this.#known.values()) {
      if (folders.length > 0 && payerOf(owner) === payer) yield folders;
    }
  }

  /** Gives the records, with every change counted. `create` throws `too-many-unfinished` for one more than `max`. */
  watch(records: RecordStore): RecordStore {
    return {
      ...records,
      create: async (upload, instead) => {
        // It is counted before the commit, so that two that begin together cannot pass where one could not.
        const undo = upload.state === "receiving" ? this.#take(upload, instead) : () => {};
        const isCreated = await records.create(upload, instead).catch((error) => {
          undo();
          throw error;
        });
        if (!isCreated) undo();
        else if (instead?.state === "receiving") this.#remove(instead.id);
        return isCreated;
      },
      replace: async (before, after, options) => {
        const isReplaced = await records.replace(before, after, options);
        if (isReplaced && after.state === "receiving") this.#grow(after);
        else if (isReplaced) this.#remove(after.id);
        return isReplaced;
      },
      forget: async (upload) => {
        await records.forget(upload);
        this.#remove(upload.id);
      },
    };
  }

  /** Counts the unfinished uploads of earlier processes. Stops early when `stop` aborts. */
  async load(records: RecordStore, stop: AbortSignal): Promise<void> {
    const ended = this.#endedMeanwhile = new Set<string>();
    try {
      for await (const id of records.due(Number.MAX_SAFE_INTEGER - 1)) {
        if (stop.aborted) break;
        const upload = await records.get(id);
        if (upload?.state === "receiving" && !ended.has(id)) this.#add(upload);
      }
    } finally {
      this.#endedMeanwhile = undefined;
    }
  }

  /**
   * Counts a new upload, and not `instead`, whose place it takes: only one of the two will be there. Gives what undoes
   * that. Throws `too-many-unfinished`.
   */
  #take(upload: ReceivingUpload, instead?: Upload): () => void {
    const { id, owner, from } = upload;
    const before = this.#known.get(instead?.id ?? "");
    const isFurther = before === undefined || counterOf(before.owner) !== counterOf(owner);
    if (isFurther && owner !== ANONYMOUS && this.countOf(owner) >= this.max) {
      throw tooManyUnfinished(linkOf(owner) === undefined ? "You have" : "This link has", this.max);
    }
    const isFurtherThere = from !== undefined && before?.from !== from;
    if (isFurtherThere && (this.#addresses.get(from) ?? 0) >= this.max) {
      throw tooManyUnfinished("Your address has", this.max);
    }
    if (before !== undefined) this.#remove(instead!.id);
    this.#add(upload);
    return () => {
      this.#remove(id);
      if (before !== undefined) this.#add({ id: instead!.id, ...before });
    };
  }

  #add({ id, owner, from, folders, offset }: Known & Pick<ReceivingUpload, "id">): void {
    if (this.#known.has(id)) return;
    this.#known.set(id, { owner, folders, offset, ...from !== undefined && { from } });
    this.#bytes += offset;
    change(this.#owners, counterOf(owner), 1);
    if (from !== undefined) change(this.#addresses, from, 1);
  }

  #grow({ id, offset }: ReceivingUpload): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#bytes += offset - known.offset;
    this.#known.set(id, { ...known, offset });
  }

  #remove(id: string): void {
    this.#endedMeanwhile?.add(id);
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    this.#bytes -= known.offset;
    change(this.#owners, counterOf(known.owner), -1);
    if (known.from !== undefined) change(this.#addresses, known.from, -1);
  }
}

/** The refusal of one more unfinished upload. */
export function tooManyUnfinished(who: string, max: number): UploadError {
  const message = `${who} ${max} unfinished uploads, which is the limit: finish or delete some first`;
  return new UploadError("too-many-unfinished", message);
}

/** The name under which the uploads of an owner are counted. */
export function counterOf(owner: string): string {
  return linkOf(owner) ?? owner;
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
