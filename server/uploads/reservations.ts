import { type Amount, less, NOTHING, shared } from "../model/amount.ts";
import { type CompleteUpload, type ReceivingUpload, reservedBytes, type Upload } from "../model/upload.ts";
import { Amounts } from "./amounts.ts";
import { filesOf, type QuotaLimits, refuseOver } from "./quota_rules.ts";

/** The amount that is reserved for an unfinished upload of an owner. */
interface Reserved {
  readonly owner: string;
  amount: Amount;
}

/**
 * The amounts that uploads keep, finished and unfinished. The length of an upload is reserved before it is recorded. The
 * bytes of partial uploads are reserved once, for these, and go over to the final upload that gets them.
 */
export class Reservations {
  readonly #limits: QuotaLimits;
  readonly kept = new Amounts();
  readonly #unfinished = new Map<string, Reserved>();
  /** The ids of partial uploads, each with that of the final upload that gets its bytes. */
  readonly #finals = new Map<string, string>();

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  /** Counts all uploads anew, over a limit or not. After a failure nothing is counted. */
  async count(uploads: AsyncIterable<Upload>): Promise<void> {
    this.#clear();
    try {
      const finals: ReceivingUpload[] = [];
      for await (const upload of uploads) {
        if (upload.state === "gone") continue;
        if (upload.state === "receiving" && upload.concat !== undefined) finals.push(upload);
        else this.#keep(upload, this.#amountOf(upload));
      }
      for (const final of finals) this.#keep(final, this.#amountOf(final));
    } catch (error) {
      this.#clear();
      throw error;
    }
  }

  /**
   * Reserves what a new upload takes. It shares with `instead`, whose place it takes, what both need, because only one
   * of the two will be there. Gives what undoes that. Throws `over-quota`.
   */
  reserve(upload: ReceivingUpload | CompleteUpload, instead?: Upload): () => void {
    const amount = this.#amountOf(upload);
    const before = instead?.state === "receiving" ? this.#unfinished.get(instead.id) : undefined;
    const common = shared(before?.amount ?? NOTHING, amount);
    refuseOver(this.#limits, this.kept, upload, less(amount, common));
    if (before !== undefined) this.#change(before, less(before.amount, common));
    this.#keep(upload, amount);
    return () => {
      if (upload.state === "receiving") this.release(upload.id);
      else this.kept.subtract(upload.owner, amount);
      if (before === undefined || this.#unfinished.get(instead!.id) !== before) return;
      this.#change(before, { files: before.amount.files + common.files, bytes: before.amount.bytes + common.bytes });
    };
  }

  /** Reserves that an unfinished upload grows to `bytes` bytes. Throws `over-quota`. */
  grow(upload: ReceivingUpload, bytes: number): void {
    const reserved = this.#unfinished.get(upload.id);
    // A final upload gets the bytes of its partial ones.
    if (reserved === undefined || upload.concat !== undefined || bytes <= reserved.amount.bytes) return;
    refuseOver(this.#limits, this.kept, upload, { files: 0, bytes: bytes - reserved.amount.bytes });
    this.#change(reserved, { ...reserved.amount, bytes });
  }

  /** Counts what a changed record keeps now: it is complete, over, or at another path. */
  replaced(before: Upload, after: Upload): void {
    if (after.state === "receiving") return;
    if (before.state === "complete") {
      if (after.state === "gone") this.kept.subtract(before.owner, { files: 1, bytes: before.length });
      return;
    }
    const bytes = this.#unfinished.get(after.id)?.amount.bytes ?? 0;
    const final = this.#unfinished.get(this.#finals.get(after.id) ?? "");
    this.release(after.id);
    if (after.state === "complete") this.#keep(after, this.#amountOf(after));
    // However the partial upload ended, its bytes are or will be the final one's, or that one is lost soon.
    else if (final !== undefined) this.#change(final, { ...final.amount, bytes: final.amount.bytes + bytes });
  }

  /** Gives back what is reserved for an unfinished upload. */
  release(id: string): void {
    const reserved = this.#unfinished.get(id);
    if (reserved === undefined) return;
    this.#unfinished.delete(id);
    this.#finals.delete(id);
    this.kept.subtract(reserved.owner, reserved.amount);
  }

  #clear(): void {
    this.kept.clear();
    this.#unfinished.clear();
    this.#finals.clear();
  }

  /** The amount of an upload itself. The bytes of its partial uploads are reserved for these. */
  #amountOf(upload: ReceivingUpload | CompleteUpload): Amount {
    const files = filesOf(upload);
    if (upload.state === "complete") return { files, bytes: upload.length };
    let bytes = reservedBytes(upload);
    for (const id of new Set(upload.concat?.partials.map(({ id }) => id))) {
      bytes -= this.#unfinished.get(id)?.amount.bytes ?? 0;
    }
    return { files, bytes: Math.max(0, bytes) };
  }

  #keep(upload: ReceivingUpload | CompleteUpload, amount: Amount): void {
    const { id, owner, concat, state } = upload;
    this.kept.add(owner, amount);
    if (state === "complete") return;
    this.#unfinished.set(id, { owner, amount });
    for (const { id: partial } of concat?.partials ?? []) this.#finals.set(partial, id);
  }

  /** Counts that an unfinished upload has another amount now. */
  #change(reserved: Reserved, amount: Amount): void {
    this.kept.add(reserved.owner, less(amount, reserved.amount));
    reserved.amount = amount;
  }
}
