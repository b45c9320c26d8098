import { UploadError } from "../errors.ts";
import type { Amount } from "../model/amount.ts";
import { linkOf, payerOf, type Scope } from "../model/owner.ts";
import { type ReceivingUpload, reservedBytes, type Upload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";
import { Counting } from "./counting.ts";
import { isLimited, type QuotaLimits } from "./quota_rules.ts";
import { Reservations } from "./reservations.ts";
import type { Guarded } from "./space.ts";

/**
 * Counts the bytes that are kept, finished and unfinished, of each owner and in all, and refuses what goes past a limit.
 * The length of an upload is reserved when it is recorded, before its first byte comes. An upload whose length nobody
 * has told reserves its bytes as they come. What comes by an upload link uses the quota of the link's owner, and what the
 * link itself takes in all, which are files and bytes.
 *
 * It counts by what this process does to the records. What is there already is counted before the first limited upload
 * begins or grows, or when somebody asks for the amount; changes wait meanwhile. Another process on the same data folder
 * may have changed something since, so before something is refused all is counted anew, but not again for ten minutes.
 * Without a limit nothing is counted.
 */
export class Quota {
  readonly #limits: QuotaLimits;
  readonly #reservations: Reservations;
  readonly #counting: Counting;
  #records: RecordStore | undefined;

  /** `monotonic` is the monotonic clock, in milliseconds. */
  constructor(limits: QuotaLimits, monotonic: () => number) {
    this.#limits = limits;
    this.#reservations = new Reservations(limits);
    this.#counting = new Counting(async () => {
      if (this.#records !== undefined) await this.#reservations.count(this.#records.all());
    }, monotonic);
  }

  /** The bytes that an owner may keep. */
  limitOf(quotaBytes: number | undefined): number {
    return quotaBytes ?? this.#limits.ownerBytes;
  }

  /**
   * The amount that the owner of a request has, or that came by its link; `undefined` while nothing is counted, because
   * nobody has a limit.
   */
  async usedBy(scope: Pick<Scope, "owner" | "quotaBytes" | "link">): Promise<Amount | undefined> {
    await this.#counting.done(isLimited(scope, this.#limits));
    if (!this.#counting.isReady) return undefined;
    return this.#reservations.kept.of(linkOf(scope.owner) ?? payerOf(scope.owner));
  }

  /** Gives the records, with every change counted. `create` and `replace` throw `over-quota`; nothing has changed then. */
  watch(records: RecordStore): RecordStore {
    const [counting, reservations] = [this.#counting, this.#reservations];
    this.#records = records;
    return {
      ...records,
      create: (upload, instead) =>
        this.#surely(() =>
          counting.around(async () => {
            const undo = counting.isReady ? reservations.reserve(upload, instead) : () => {};
            const isCreated = await records.create(upload, instead).catch((error) => {
              undo();
              throw error;
            });
            if (!isCreated) undo();
            else if (instead?.state === "receiving") reservations.release(instead.id);
            return isCreated;
          }, this.#isLimited(upload))
        ),
      replace: (before, after, options) =>
        this.#surely(() =>
          counting.around(async () => {
            if (after.state === "receiving") this.#grow(after, reservedBytes(after));
            const isReplaced = await records.replace(before, after, options);
            if (isReplaced && counting.isReady) reservations.replaced(before, after);
            return isReplaced;
          }, after.state === "receiving" && this.#isLimited(after))
        ),
      forget: (upload) =>
        counting.around(async () => {
          await records.forget(upload);
          reservations.release(upload.id);
        }, false),
    };
  }

  /**
   * Wraps an appender of an upload whose length nobody has told, for a body of `expected` bytes, if that is known. Throws
   * `over-quota` for such a body that goes past a limit, and so does a write that does.
   */
  async guard(appender: Guarded, upload: ReceivingUpload, expected = 0): Promise<Guarded> {
    const end = appender.length + expected;
    const grow = (bytes: number) => this.#surely(() => Promise.resolve(this.#grow(upload, Math.max(end, bytes))));
    await grow(end);
    return {
      get length() {
        return appender.length;
      },
      write: async (bytes) => {
        await this.#counting.done(this.#isLimited(upload));
        await grow(appender.length + bytes.length);
        await appender.write(bytes);
      },
      [Symbol.dispose]: () => appender[Symbol.dispose](),
    };
  }

  /** Tries a change again that was refused, after a new count. */
  async #surely<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof UploadError) || error.code !== "over-quota" || !await this.#counting.again()) throw error;
      return await change();
    }
  }

  #grow(upload: ReceivingUpload, bytes: number): void {
    if (this.#counting.isReady) this.#reservations.grow(upload, bytes);
  }

  #isLimited(upload: Upload): boolean {
    return upload.state !== "gone" && isLimited(upload, this.#limits);
  }
}
