import type { UnfinishedFile } from "../store.ts";
import type { Lease } from "../shared/leases.ts";
import { KeptLayout } from "./kept_layout.ts";
import { type Layout, lengthOf, PART_BYTES } from "./layout.ts";
import { PartQueue } from "./part_queue.ts";
import { hasStatus } from "./s3_error.ts";
import type { Body } from "./transport.ts";
import type { Turns } from "./turns.ts";
import { type SharedByWriters, WrittenBytes } from "./written_bytes.ts";

export interface WriterDeps extends SharedByWriters {
  /** Bounds the parts of all writers that are under way. */
  readonly turns: Turns;
  /** Removes objects that nobody needs any more, behind the caller's back. */
  readonly remove: (keys: readonly string[]) => void;
  /** Called when a flush is done, with the milliseconds that it took. */
  readonly flushed: (ms: number) => void;
  /** Called when the writer has let go of its lease. */
  readonly closed: (writer: BucketWriter) => void;
}

/**
 * The one writer of an unfinished upload's bytes (I3): says what is done with them, one thing after the other, and what is
 * committed by its lease. What lies in the bucket counts when it is committed. Nothing that counts is ever written over.
 */
export class BucketWriter implements UnfinishedFile {
  readonly id: string;
  readonly #lease: Lease;
  readonly #deps: WriterDeps;
  readonly #kept: KeptLayout;
  readonly #parts: PartQueue;
  readonly #bytes: WrittenBytes;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** The work that is to be done when this writer has let go of an upload that was removed. */
  #afterwards: (() => void) | undefined;
  #isOver = false;
  /** True when the finished file is there, so that the row is removed next. Set by the store. */
  isPlaced = false;

  constructor(lease: Lease, deps: WriterDeps, { isNew = false } = {}) {
    this.id = lease.id;
    this.#lease = lease;
    this.#deps = deps;
    const { bucket, pool, tails, turns, maxParts, remove } = deps;
    const kept: KeptLayout = new KeptLayout(lease, { isNew, remove, isReading: (key) => parts.isReading(key) });
    const parts: PartQueue = new PartQueue({
      bucket,
      turns,
      arrived: ({ multipart }, etag) => kept.addPart(multipart, etag, PART_BYTES),
    });
    this.#kept = kept;
    this.#parts = parts;
    this.#bytes = new WrittenBytes(lease, { bucket, pool, tails, maxParts, kept, parts });
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** True when the writer before this one had let go by itself. */
  get wasClean(): boolean {
    return this.#lease.found.clean;
  }

  /** The token of this writer's lease. */
  get token(): string {
    return this.#lease.token;
  }

  /** The layout of the bytes that lie in the bucket. */
  get layout(): Layout {
    return this.#kept.now;
  }

  /** The keys of all objects that the upload ever got, if this writer knows them (`KeptLayout`). */
  get allKeys(): readonly string[] | undefined {
    return this.#kept.allKeys;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = await this.unlessLost(() => this.#bytes.append(rest));
      if (this.#bytes.areTooMany) await this.#alone(() => this.#bytes.putAll({ letGo: true }));
    }
  }

  /**
   * Does a work in the bucket. Throws `taken-over` when it fails because another writer has the upload by now, which
   * completes, aborts and removes what this one works with.
   */
  async unlessLost<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (hasStatus(error, 404)) await this.#lease.check();
      throw error;
    }
  }

  flush(): Promise<void> {
    return this.#alone(async () => {
      const begunAt = performance.now();
      await this.#bytes.putAll();
      await this.#bytes.sealFull();
      this.#kept.leave();
      this.#deps.flushed(performance.now() - begunAt);
    });
  }

  /**
   * Lets as many bytes survive as is cheap, and says how many of all: the full parts. When none came since the last call,
   * the client is slow: all bytes become an object then, and leave memory.
   */
  checkpoint(): Promise<number> {
    return this.#alone(async () => {
      const isFast = this.#bytes.takeHasSentPart();
      await this.#parts.untilArrived();
      if (!isFast) await this.#bytes.putAll({ letGo: true });
      await this.#bytes.sealFull();
      this.#kept.leave();
      return lengthOf(this.layout);
    });
  }

  /** Lets go of the lease with the next record, if all bytes lie in the bucket. Called when a flush has ended. */
  closeWithRecord(): void {
    if (!this.#bytes.areSafe) return;
    this.#kept.leave();
    this.#lease.releaseWithRecord(true);
  }

  verify(): Promise<void> {
    return this.#lease.verify();
  }

  cut(length: number): Promise<void> {
    return this.#alone(async () => {
      await this.#bytes.cut(length);
      await this.#kept.commit();
    });
  }

  seal(modifiedAt?: number): Promise<string> {
    return this.#alone(() => {
      if (modifiedAt !== undefined && modifiedAt !== this.layout.modifiedAt) {
        this.#kept.set({ ...this.layout, modifiedAt });
        this.#kept.leave();
      }
      return Promise.resolve(this.id);
    });
  }

  /** Lets all bytes lie in objects that can be read, as `WrittenBytes.sealAll` does. Nothing may be written meanwhile. */
  complete(): Promise<Layout> {
    return this.#alone(async () => {
      await this.#bytes.sealAll();
      await this.#kept.commit();
      return this.layout;
    });
  }

  /**
   * Completes the multipart uploads that the writer has parts in by now. What is written meanwhile goes to another one. It
   * counts as completed with the next record: a commit beside that of a record could come before it.
   */
  sealOlder(): Promise<Layout> {
    return this.#alone(async () => {
      await this.#bytes.sealOlder();
      this.#kept.leave();
      return this.layout;
    });
  }

  /** The bytes behind the full parts, which must all be flushed: from memory, as far as they are there. */
  rest(): Body {
    return this.#bytes.rest();
  }

  /** Records that a multipart upload makes the finished file of this key, or that it is over. */
  async setPlacing(placing: string | undefined): Promise<void> {
    const { placing: _, ...layout } = this.layout;
    this.#kept.set(placing === undefined ? layout : { ...layout, placing });
    await this.#kept.commit();
  }

  /** Does one thing after the other. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.unlessLost(work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#last;
    await this.#parts.untilOver();
    try {
      if (this.isPlaced) return this.#lease.abandon();
      if (this.#afterwards === undefined) this.#kept.leave();
      await this.#lease.release(!this.#parts.hasFailed);
    } finally {
      this.#bytes.keepTail({ isWanted: this.#afterwards === undefined && !this.isPlaced });
      this.#isOver = true;
      this.#deps.closed(this);
      this.#afterwards?.();
    }
  }

  /** Does a work as soon as this writer has let go. The upload is removed: nothing of it is committed or kept any more. */
  onceClosed(work: () => void): void {
    if (this.#isOver) work();
    else this.#afterwards ??= work;
  }
}
