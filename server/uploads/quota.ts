import { UploadError } from "../errors.ts";
import { linkOf, payerOf } from "../model/owner.ts";
import { type CompleteUpload, type ReceivingUpload, reservedBytes, type Upload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Guarded } from "./space.ts";

/** The most bytes that are kept; `Infinity` for no limit. */
export interface QuotaLimits {
  /** The limit of one owner, in bytes, unless its token says otherwise. */
  readonly ownerBytes: number;
  /** The limit of all owners together, in bytes. */
  readonly totalBytes: number;
}

/** An amount of files and of their bytes. */
interface Amount {
  files: number;
  bytes: number;
}

const NOTHING: Readonly<Amount> = { files: 0, bytes: 0 };

/** The amount that is reserved for an unfinished upload. */
interface Reserved extends Amount {
  readonly owner: string;
}

/**
 * Counts the bytes that are kept, finished and unfinished, of each owner and in all, and refuses what goes past a limit.
 * The length of an upload is reserved when it is recorded, before its first byte comes. An upload whose length nobody
 * has told reserves its bytes as they come. What comes by an upload link uses the quota of the link's owner, and what the
 * link itself takes in all, which are files and bytes.
 *
 * It counts by what this process does to the records. What is there already is counted once, before the first limited
 * upload begins or grows; changes wait meanwhile. Without a limit nothing is counted.
 */
export class Quota {
  readonly #limits: QuotaLimits;
  readonly #unfinished = new Map<string, Reserved>();
  /** The amount that each owner has, and that came by each link. */
  readonly #used = new Map<string, Amount>();
  /** The ids of partial uploads, each with that of the final upload that gets its bytes. */
  readonly #finals = new Map<string, string>();
  #total = 0;
  #records: RecordStore | undefined;
  /** Resolves when everything is counted; `undefined` before a count begins. */
  #counted: Promise<void> | undefined;
  /** True when everything is counted. */
  #isReady = false;
  /** The changes that began before anything was counted. */
  readonly #earlier = new Set<Promise<unknown>>();

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  /** The bytes that an owner may keep. */
  limitOf(quotaBytes: number | undefined): number {
    return quotaBytes ?? this.#limits.ownerBytes;
  }

  /** The bytes that an owner has; `undefined` before everything is counted. */
  usedBy(owner: string): number | undefined {
    return this.#isReady ? this.#usedBy(owner).bytes : undefined;
  }

  /** Gives the records, with every change counted. `create` and `replace` throw `over-quota`; nothing has changed then. */
  watch(records: RecordStore): RecordStore {
    this.#records = records;
    const counted = async <T>(change: () => Promise<T>, growing?: Upload): Promise<T> => {
      await this.#countFor(growing);
      // Another change may have begun a count since.
      if (this.#counted !== undefined) return await this.#counted.then(change);
      const running = change().finally(() => this.#earlier.delete(running));
      this.#earlier.add(running);
      return await running;
    };
    return {
      ...records,
      create: (upload, instead) =>
        counted(async () => {
          const undo = this.#isReady ? this.#reserve(upload, instead) : () => {};
          const isCreated = await records.create(upload, instead).catch((error) => {
            undo();
            throw error;
          });
          if (!isCreated) undo();
          else if (instead?.state === "receiving") this.#release(instead.id);
          return isCreated;
        }, upload),
      replace: (before, after) =>
        counted(async () => {
          if (after.state === "receiving") this.grow(after, reservedBytes(after));
          const isReplaced = await records.replace(before, after);
          if (isReplaced && this.#isReady) this.#replaced(before, after);
          return isReplaced;
        }, after.state === "receiving" ? after : undefined),
      forget: (upload) =>
        counted(async () => {
          await records.forget(upload);
          this.#release(upload.id);
        }),
    };
  }

  /** Reserves that an unfinished upload grows to `bytes` bytes. Throws `over-quota`. */
  grow(upload: ReceivingUpload, bytes: number): void {
    if (!this.#isReady) return;
    const reserved = this.#unfinished.get(upload.id);
    // A final upload gets the bytes of its partial ones.
    if (reserved === undefined || upload.concat !== undefined || bytes <= reserved.bytes) return;
    this.#take(upload, { files: 0, bytes: bytes - reserved.bytes });
    reserved.bytes = bytes;
  }

  /**
   * Wraps an appender of an upload whose length nobody has told, for a body of `expected` bytes, if that is known. Throws
   * `over-quota` for such a body that goes past a limit, and so does a write that does.
   */
  guard(appender: Guarded, upload: ReceivingUpload, expected = 0): Guarded {
    const end = appender.length + expected;
    this.grow(upload, end);
    return {
      get length() {
        return appender.length;
      },
      write: async (bytes) => {
        await this.#countFor(upload);
        this.grow(upload, Math.max(end, appender.length + bytes.length));
        await appender.write(bytes);
      },
      [Symbol.dispose]: () => appender[Symbol.dispose](),
    };
  }

  /** Waits for a count that runs. Begins the first one if `growing`, an upload that is to begin or grow, has a limit. */
  async #countFor(growing?: Upload): Promise<void> {
    if (this.#isReady) return;
    const { ownerBytes, totalBytes } = this.#limits;
    const isLimited = growing !== undefined && growing.state !== "gone" &&
      (ownerBytes < Infinity || totalBytes < Infinity || isLimitedByItself(growing));
    if (isLimited && this.#counted === undefined) {
      this.#counted = Promise.allSettled(this.#earlier).then(() => this.#count());
      this.#counted.catch(() => this.#forget());
    }
    await this.#counted;
  }

  /** Forgets what a count that failed has found: the next change that needs it counts anew. */
  #forget(): void {
    this.#counted = undefined;
    this.#isReady = false;
    this.#total = 0;
    for (const known of [this.#unfinished, this.#used, this.#finals]) known.clear();
  }

  async #count(): Promise<void> {
    const finals: ReceivingUpload[] = [];
    for await (const upload of this.#records?.all() ?? []) {
      if (upload.state === "complete") this.#add(upload.owner, { files: 1, bytes: upload.length });
      else if (upload.state === "receiving" && upload.concat !== undefined) finals.push(upload);
      else if (upload.state === "receiving") this.#hold(upload, reservedBytes(upload));
    }
    for (const final of finals) this.#hold(final, this.#ownBytes(final));
    this.#isReady = true;
  }

  /**
   * Reserves what a new upload takes. It shares with `instead`, whose place it takes, what both need, because only one
   * of the two will be there. Gives what undoes that. Throws `over-quota`.
   */
  #reserve(upload: ReceivingUpload | CompleteUpload, instead?: Upload): () => void {
    const amount = {
      files: filesOf(upload),
      bytes: upload.state === "complete" ? upload.length : this.#ownBytes(upload),
    };
    const before = instead?.state === "receiving" ? this.#unfinished.get(instead.id) : undefined;
    const { files, bytes } = before ?? NOTHING;
    const shared = { files: Math.min(files, amount.files), bytes: Math.min(bytes, amount.bytes) };
    this.#take(upload, { files: amount.files - shared.files, bytes: amount.bytes - shared.bytes });
    if (before !== undefined) change(before, negative(shared));
    if (upload.state === "receiving") this.#keep(upload, amount);
    return () => {
      if (upload.state === "receiving") this.#release(upload.id);
      else this.#add(upload.owner, negative(amount));
      if (before === undefined || this.#unfinished.get(instead!.id) !== before) return;
      change(before, shared);
      this.#add(upload.owner, shared);
    };
  }

  /** The bytes that are reserved for an upload itself. Those of its partial uploads are reserved for these. */
  #ownBytes(upload: ReceivingUpload): number {
    if (upload.concat === undefined) return reservedBytes(upload);
    const partials = new Set(upload.concat.partials.map(({ id }) => id));
    let bytes = reservedBytes(upload);
    for (const id of partials) bytes -= this.#unfinished.get(id)?.bytes ?? 0;
    return Math.max(0, bytes);
  }

  #hold(upload: ReceivingUpload, bytes: number): void {
    const amount = { files: filesOf(upload), bytes };
    this.#keep(upload, amount);
    this.#add(upload.owner, amount);
  }

  #keep(upload: ReceivingUpload, amount: Amount): void {
    this.#unfinished.set(upload.id, { owner: upload.owner, ...amount });
    for (const { id } of upload.concat?.partials ?? []) this.#finals.set(id, upload.id);
  }

  #replaced(before: Upload, after: Upload): void {
    if (after.state === "receiving") return;
    if (before.state === "complete") {
      if (after.state === "gone") this.#add(before.owner, { files: -1, bytes: -before.length });
      return;
    }
    const reserved = this.#unfinished.get(after.id)?.bytes ?? 0;
    const final = this.#unfinished.get(this.#finals.get(after.id) ?? "");
    this.#release(after.id);
    if (after.state === "complete") this.#add(after.owner, { files: 1, bytes: after.length });
    else if (final !== undefined) {
      // However the partial upload ended, its bytes are or will be the final one's, or that one is lost soon.
      final.bytes += reserved;
      this.#add(final.owner, { files: 0, bytes: reserved });
    }
  }

  #release(id: string): void {
    const reserved = this.#unfinished.get(id);
    if (reserved === undefined) return;
    this.#unfinished.delete(id);
    this.#finals.delete(id);
    this.#add(reserved.owner, negative(reserved));
  }

  #add(owner: string, { files, bytes }: Amount): void {
    this.#total += bytes;
    for (const name of [payerOf(owner), linkOf(owner)]) {
      if (name === undefined) continue;
      const used = this.#usedBy(name);
      this.#used.set(name, { files: Math.max(0, used.files + files), bytes: Math.max(0, used.bytes + bytes) });
    }
  }

  #usedBy(name: string): Amount {
    return this.#used.get(name) ?? NOTHING;
  }

  /** Counts more of an owner. Throws `over-quota` when that goes past a limit, and counts nothing. */
  #take({ owner, quotaBytes, link }: ReceivingUpload | CompleteUpload, { files, bytes }: Amount): void {
    const byLink = this.#usedBy(linkOf(owner) ?? "");
    const { maxFiles = Infinity, totalBytes = Infinity } = link ?? {};
    if (files > 0 && byLink.files + files > maxFiles) {
      throw overQuota(`This link takes ${maxFiles} files, and has them`);
    }
    if (bytes > 0 && byLink.bytes + bytes > totalBytes) {
      throw overQuota(`This link takes ${totalBytes} bytes in all, and has no room for ${bytes} more`);
    }
    const used = this.#usedBy(payerOf(owner)).bytes;
    const limit = this.limitOf(quotaBytes);
    if (bytes > 0 && used + bytes > limit) {
      throw overQuota(
        // A link's visitor is told nothing of what its owner has.
        link === undefined
          ? `You may keep ${limit} bytes, and have ${used}, so ${bytes} more are too many: delete some first`
          : `The owner of this link has no room for ${bytes} bytes more`,
      );
    }
    if (bytes > 0 && this.#total + bytes > this.#limits.totalBytes) {
      throw overQuota(`The server keeps ${this.#limits.totalBytes} bytes in all, and has no room for ${bytes} more`);
    }
    this.#add(owner, { files, bytes });
  }
}

/** True for an upload whose token or link has a limit of its own. */
function isLimitedByItself({ quotaBytes, link }: ReceivingUpload | CompleteUpload): boolean {
  return quotaBytes !== undefined || link?.maxFiles !== undefined || link?.totalBytes !== undefined;
}

/** How many files an upload counts for: a partial upload is a part of one that counts itself. */
function filesOf(upload: ReceivingUpload | CompleteUpload): number {
  return upload.state === "receiving" && upload.partial ? 0 : 1;
}

function change(amount: Amount, { files, bytes }: Amount): void {
  amount.files += files;
  amount.bytes += bytes;
}

function negative({ files, bytes }: Amount): Amount {
  return { files: -files, bytes: -bytes };
}

function overQuota(message: string): UploadError {
  return new UploadError("over-quota", message);
}
