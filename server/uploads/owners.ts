import { UploadError } from "../errors.ts";
import { type Scope, sees } from "../model/owner.ts";
import type { RecordStore } from "../storage/store.ts";

/** The most owners that are remembered. All are forgotten when there are more. */
const MAX_REMEMBERED = 10_000;

/** Knows which owner each upload belongs to. The owner of an id never changes, so what is remembered stays true. */
export class Owners {
  readonly #records: Pick<RecordStore, "get">;
  readonly #known = new Map<string, string>();
  /** The records that are being looked for. */
  readonly #looking = new Map<string, ReturnType<RecordStore["get"]>>();

  constructor(records: Pick<RecordStore, "get">) {
    this.#records = records;
  }

  /** Remembers the owner of an upload that begins now. */
  remember(id: string, owner: string): void {
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(id, owner);
  }

  /**
   * Throws `not-found` for an upload that is not in `scope`. The answer, and the work for it, are the same for another
   * owner's upload and for an id that nobody has: one record is looked for that is not there. An upload in the scope
   * mostly costs one look into memory.
   */
  async check(id: string, scope: Scope): Promise<void> {
    if (!await this.has(id, scope)) throw noSuchUpload();
  }

  /** True when the upload is in `scope`; false for another owner's, and when there is none. */
  async has(id: string, scope: Scope): Promise<boolean> {
    const known = this.#known.get(id);
    if (known !== undefined && sees(scope, known)) return true;
    // To read a record takes longer than to find that there is none, and that could be measured. So for another's a
    // record is looked for that nobody has: the same random bits, in another order.
    const upload = await this.#lookFor(known === undefined ? id : id.slice(11) + id.slice(0, 11));
    if (upload?.id !== id) return false;
    this.remember(id, upload.owner);
    return sees(scope, upload.owner);
  }

  /**
   * Looks for a record, once for all who want it at that time. They go on in the order in which they came: a question
   * behind a request that brings bytes must meet that at the upload's lock, although its client is gone.
   */
  #lookFor(id: string): ReturnType<RecordStore["get"]> {
    const before = this.#looking.get(id);
    if (before !== undefined) return before;
    const looking = this.#records.get(id).finally(() => this.#looking.delete(id));
    this.#looking.set(id, looking);
    return looking;
  }
}

/** The refusal of a request for an upload that does not exist, or that the request may not see. */
export function noSuchUpload(): UploadError {
  return new UploadError("not-found", "No such upload: begin a new one");
}
