import type { UnfinishedFile } from "../store.ts";
import type { Lease } from "../shared/leases.ts";
import type { Bucket } from "./bucket.ts";
import { KeptLayout } from "./kept_layout.ts";
import {
  continued,
  firstToMerge,
  largeBytes,
  type Layout,
  lengthOf,
  type Multipart,
  PART_BYTES,
  piecesBetween,
  withCut,
  withFrozen,
  withSealed,
  withSmall,
} from "./layout.ts";
import { type BlockPool, HeldBytes } from "./memory.ts";
import { joinedBody, PartQueue } from "./part_queue.ts";
import { seal } from "./seal.ts";
import type { Body } from "./transport.ts";
import type { Tails } from "./tails.ts";
import type { Turns } from "./turns.ts";

/** The most parts of one writer that are under way. */
const MAX_UNDER_WAY = 3;
/** The least number of bytes that are put into an object because memory is short. */
const LEAST_SPILLED = 1024 * 1024;

export interface WriterDeps {
  readonly bucket: Bucket;
  readonly pool: BlockPool;
  readonly tails: Tails;
  /** Bounds the parts of all writers that are under way. */
  readonly turns: Turns;
  /** The most parts of one multipart upload. */
  readonly maxParts: number;
  /** Removes objects that nobody needs any more, behind the caller's back. */
  readonly remove: (keys: readonly string[]) => void;
  /** Called when a flush is done, with the milliseconds that it took. */
  readonly flushed: (ms: number) => void;
  /** Called when the writer has let go of its lease. */
  readonly closed: (writer: BucketWriter) => void;
}

/**
 * The one writer of an unfinished upload's bytes (I3). Full parts go into a multipart upload of its own, and the rest into
 * small objects; nothing that counts is ever written over. What lies in the bucket counts when it is committed.
 */
export class BucketWriter implements UnfinishedFile {
  readonly id: string;
  readonly #lease: Lease;
  readonly #deps: WriterDeps;
  readonly #parts: PartQueue;
  readonly #kept: KeptLayout;
  /** The multipart upload that the next part goes to, and how many parts it has. */
  #multipart: (Multipart & { readonly parts: number }) | undefined;
  /** The byte at which the part begins that is not full yet. Its first bytes may lie in small objects. */
  #partStart: number;
  /** The bytes from `#heldStart` to the end. */
  #held: HeldBytes;
  #heldStart: number;
  #hasSentPart = false;
  /** True while bytes of the part that is not full yet are put into a small object. */
  #isPuttingSmall = false;
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
    this.#kept = new KeptLayout(lease, {
      isNew,
      remove: deps.remove,
      isReading: (key) => this.#parts.isReading(key),
    });
    const open = continued(this.layout);
    this.#multipart = open && { ...open, parts: this.layout.large.at(-1)!.parts! };
    this.#partStart = largeBytes(this.layout);
    const end = lengthOf(this.layout);
    const tail = deps.tails.take(lease.id, { token: lease.found.writtenBy, end });
    this.#heldStart = tail?.start ?? end;
    this.#held = tail?.held ?? new HeldBytes(deps.pool);
    this.#parts = new PartQueue({
      bucket: deps.bucket,
      turns: deps.turns,
      arrived: ({ multipart }, etag) => this.#kept.addPart(multipart, etag, PART_BYTES),
    });
  }

  get length(): number {
    return this.#heldStart + this.#held.length;
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
      this.#parts.check();
      const piece = rest.subarray(0, PART_BYTES - (this.length - this.#partStart));
      this.#held.append(piece);
      rest = rest.subarray(piece.length);
      if (this.length - this.#partStart === PART_BYTES) await this.#sendPart();
      else if (this.#deps.pool.isTight && this.#held.length >= LEAST_SPILLED) await this.#spill();
    }
  }

  async #sendPart(): Promise<void> {
    await this.#parts.untilAtMost(MAX_UNDER_WAY - 1);
    // A flush that ran meanwhile has not moved where the part begins.
    if (this.#multipart === undefined || this.#multipart.parts >= this.#deps.maxParts) {
      this.#multipart = { ...await this.#deps.bucket.begin(this.#kept.partsKey()), parts: 0 };
    }
    const { parts, ...multipart } = this.#multipart;
    this.#multipart = { ...multipart, parts: parts + 1 };
    const sources = piecesBetween(this.layout, this.#partStart, this.#heldStart);
    const isShared = this.#isPuttingSmall;
    this.#parts.send({ multipart, number: parts + 1, sources, held: this.#held.takeAll(), isShared });
    this.#partStart += PART_BYTES;
    this.#heldStart = this.#partStart;
    this.#hasSentPart = true;
  }

  flush(): Promise<void> {
    return this.#alone(async () => {
      const begunAt = performance.now();
      await this.#putAll();
      await this.#sealFull();
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
      const isFast = this.#hasSentPart;
      this.#hasSentPart = false;
      await this.#parts.untilArrived();
      if (!isFast) await this.#putAll({ letGo: true });
      await this.#sealFull();
      this.#kept.leave();
      return lengthOf(this.layout);
    });
  }

  /** Lets go of the lease with the next record, if all bytes lie in the bucket. Called when a flush has ended. */
  closeWithRecord(): void {
    if (this.#parts.length > 0 || this.#parts.hasFailed || lengthOf(this.layout) < this.length) return;
    this.#kept.leave();
    this.#lease.releaseWithRecord(true);
  }

  #spill(): Promise<void> {
    return this.#alone(() => this.#putAll({ letGo: true }));
  }

  /** Puts all bytes that were written before the call into the bucket. */
  async #putAll({ letGo = false } = {}): Promise<void> {
    const length = this.length;
    while (lengthOf(this.layout) < length) {
      if (this.#parts.length > 0) await this.#parts.untilArrived();
      else await this.#putSmall(letGo);
    }
    this.#parts.check();
  }

  /** Puts the bytes of the part that is not full yet into a small object. No part is under way when it begins. */
  async #putSmall(letGo: boolean): Promise<void> {
    this.#parts.check();
    const { small } = this.layout;
    const safe = lengthOf(this.layout);
    const partStart = this.#partStart;
    const first = firstToMerge(small, this.length - safe);
    if (letGo) this.#held.closeBlock();
    const start = safe - small.slice(first).reduce((sum, { size }) => sum + size, 0);
    const body = this.#bodyFrom(start);
    let mayBeSent = false;
    const key = this.#kept.smallKey();
    this.#isPuttingSmall = true;
    try {
      await this.#deps.bucket.put(key, { ...body, again: () => void (mayBeSent = true) });
    } finally {
      this.#isPuttingSmall = false;
    }
    if (this.#partStart !== partStart) {
      // The part got full meanwhile, and has these bytes.
      this.#kept.addGarbage(key);
      return;
    }
    this.#kept.set(withSmall(this.layout, { key, from: 0, size: body.length }, first));
    if (letGo) this.#heldStart += this.#held.dropFirst(lengthOf(this.layout) - this.#heldStart, mayBeSent);
  }

  cut(length: number): Promise<void> {
    return this.#alone(async () => {
      await this.#parts.untilOver();
      const isInMemory = length >= this.#partStart && !this.#parts.hasFailed;
      if (!isInMemory && length > lengthOf(this.layout)) this.#parts.check();
      if (length < lengthOf(this.layout)) this.#kept.set(withCut(this.layout, length));
      this.#held.truncate(isInMemory ? Math.max(0, length - this.#heldStart) : 0);
      if (!isInMemory) {
        // The number of a part must never stand for other bytes: the multipart upload does not go on.
        this.#multipart = undefined;
        this.#kept.set(withFrozen(this.layout));
        this.#partStart = largeBytes(this.layout);
        this.#parts.forgetFailure();
      }
      this.#heldStart = Math.min(this.#heldStart, length);
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

  /**
   * Lets all bytes lie in objects that can be read: completes the multipart uploads. The last one gets the rest as its
   * last part, so that one upload by one writer is one object. Nothing may be written meanwhile.
   */
  complete(): Promise<Layout> {
    return this.#alone(async () => {
      await this.#putAll();
      if (this.#multipart !== undefined && this.layout.small.length > 0) await this.#putLastPart(this.#multipart);
      await this.#sealSome(() => true);
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
      this.#multipart = undefined;
      await this.#parts.untilArrived();
      await this.#sealSome(({ uploadId }) => uploadId !== this.#multipart?.uploadId);
      this.#kept.leave();
      return this.layout;
    });
  }

  async #putLastPart({ parts, ...multipart }: Multipart & { readonly parts: number }): Promise<void> {
    if (parts >= this.#deps.maxParts || continued(this.layout)?.uploadId !== multipart.uploadId) return;
    // It takes no further part, whatever happens to this one.
    this.#multipart = undefined;
    this.#kept.set(withFrozen(this.layout));
    const body = this.rest();
    const etag = await this.#deps.bucket.putPart(multipart, parts + 1, body);
    this.#kept.addPart(multipart, etag, body.length);
    this.#held.truncate(0);
    this.#partStart = this.#heldStart = lengthOf(this.layout);
  }

  /** The bytes behind the full parts, which must all be flushed: from memory, as far as they are there. */
  rest(): Body {
    return this.#bodyFrom(this.#partStart);
  }

  #bodyFrom(start: number): Body {
    const sources = piecesBetween(this.layout, start, Math.max(this.#heldStart, start));
    return joinedBody(this.#deps.bucket, sources, this.#held.from(Math.max(0, start - this.#heldStart)));
  }

  /** Completes the multipart uploads that have as many parts as they may. */
  #sealFull(): Promise<void> {
    return this.#sealSome(({ parts }) => parts! >= this.#deps.maxParts);
  }

  async #sealSome(isWanted: (piece: Layout["large"][number]) => boolean): Promise<void> {
    for (const piece of this.layout.large) {
      const { key, uploadId } = piece;
      if (uploadId === undefined || !isWanted(piece)) continue;
      if (this.#multipart?.uploadId === uploadId) this.#multipart = undefined;
      const isCut = await seal(this.#deps.bucket, piece, await this.#kept.etagsOf(piece));
      this.#kept.set(withSealed(this.layout, { key, uploadId }, isCut));
    }
  }

  /** Records that a multipart upload makes the finished file of this key, or that it is over. */
  async setPlacing(placing: string | undefined): Promise<void> {
    const { placing: _, ...layout } = this.layout;
    this.#kept.set(placing === undefined ? layout : { ...layout, placing });
    await this.#kept.commit();
  }

  /** Does one thing after the other. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
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
      this.#keepTail();
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

  /** Keeps the bytes in memory for the next writer, if they lie in small objects too. */
  #keepTail(): void {
    const { writtenBy: token } = this.#kept;
    const [start, end] = [this.#heldStart, this.length];
    const isSafe = end === lengthOf(this.layout) && start >= largeBytes(this.layout) && !this.#parts.hasFailed;
    const isWanted = this.#held.length > 0 && this.#afterwards === undefined && !this.isPlaced;
    if (!isSafe || !isWanted || token === undefined) return this.#held.truncate(0);
    this.#deps.tails.keep(this.id, { token, start, end, held: this.#held });
  }
}
