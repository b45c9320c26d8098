import type { Lease } from "../shared/leases.ts";
import type { Bucket } from "./bucket.ts";
import type { KeptLayout } from "./kept_layout.ts";
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
import { joinedBody, type PartQueue } from "./part_queue.ts";
import { seal } from "./seal.ts";
import type { Tails } from "./tails.ts";
import type { Body } from "./transport.ts";

/** The most parts of one writer that are under way. */
const MAX_UNDER_WAY = 3;
/** The least number of bytes that are put into an object because memory is short. */
const LEAST_SPILLED = 1024 * 1024;

/** The bucket, the memory and the bound that all writers of this instance share. */
export interface SharedByWriters {
  readonly bucket: Bucket;
  readonly pool: BlockPool;
  readonly tails: Tails;
  /** The most parts of one multipart upload. */
  readonly maxParts: number;
}

export interface WrittenBytesDeps extends SharedByWriters {
  readonly kept: KeptLayout;
  readonly parts: PartQueue;
}

/**
 * The bytes of an unfinished upload in the hands of its writer: those in memory, those under way, and those that lie in the
 * bucket, as the layout says. Full parts go into a multipart upload of the writer's own, the rest into small objects.
 * But for `append`, nothing may be called before what was called earlier has ended.
 */
export class WrittenBytes {
  readonly #id: string;
  readonly #deps: SharedByWriters;
  readonly #kept: KeptLayout;
  readonly #parts: PartQueue;
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

  /** `kept` has the layout as the lease found it, and `parts` nothing yet. */
  constructor({ id, found }: Lease, { kept, parts, ...deps }: WrittenBytesDeps) {
    this.#id = id;
    this.#deps = deps;
    this.#kept = kept;
    this.#parts = parts;
    const open = continued(kept.now);
    this.#multipart = open && { ...open, parts: kept.now.large.at(-1)!.parts! };
    this.#partStart = largeBytes(kept.now);
    const end = lengthOf(kept.now);
    const tail = deps.tails.take(id, { token: found.writtenBy, end });
    this.#heldStart = tail?.start ?? end;
    this.#held = tail?.held ?? new HeldBytes(deps.pool);
  }

  get length(): number {
    return this.#heldStart + this.#held.length;
  }

  /** True when all bytes lie in the bucket, and nothing is under way. */
  get areSafe(): boolean {
    return this.#parts.length === 0 && !this.#parts.hasFailed && lengthOf(this.#kept.now) >= this.length;
  }

  /** True when memory is short, and these bytes are worth an object. */
  get areTooMany(): boolean {
    return this.#deps.pool.isTight && this.#held.length >= LEAST_SPILLED;
  }

  /** True when a part was sent since the last call. */
  takeHasSentPart(): boolean {
    const hasSent = this.#hasSentPart;
    this.#hasSentPart = false;
    return hasSent;
  }

  /** Appends bytes until the part is full, which is sent then. Gives the bytes that are left. */
  async append(bytes: Uint8Array): Promise<Uint8Array> {
    this.#parts.check();
    const piece = bytes.subarray(0, PART_BYTES - (this.length - this.#partStart));
    this.#held.append(piece);
    if (this.length - this.#partStart === PART_BYTES) await this.#sendPart();
    return bytes.subarray(piece.length);
  }

  async #sendPart(): Promise<void> {
    await this.#parts.untilAtMost(MAX_UNDER_WAY - 1);
    // A flush that ran meanwhile has not moved where the part begins.
    if (this.#multipart === undefined || this.#multipart.parts >= this.#deps.maxParts) {
      this.#multipart = { ...await this.#deps.bucket.begin(this.#kept.partsKey()), parts: 0 };
    }
    const { parts, ...multipart } = this.#multipart;
    this.#multipart = { ...multipart, parts: parts + 1 };
    const sources = piecesBetween(this.#kept.now, this.#partStart, this.#heldStart);
    const isShared = this.#isPuttingSmall;
    this.#parts.send({ multipart, number: parts + 1, sources, held: this.#held.takeAll(), isShared });
    this.#partStart += PART_BYTES;
    this.#heldStart = this.#partStart;
    this.#hasSentPart = true;
  }

  /** Puts all bytes that were written before the call into the bucket. */
  async putAll({ letGo = false } = {}): Promise<void> {
    const length = this.length;
    while (lengthOf(this.#kept.now) < length) {
      if (this.#parts.length > 0) await this.#parts.untilArrived();
      else await this.#putSmall(letGo);
    }
    this.#parts.check();
  }

  /** Puts the bytes of the part that is not full yet into a small object. No part is under way when it begins. */
  async #putSmall(letGo: boolean): Promise<void> {
    this.#parts.check();
    const { small } = this.#kept.now;
    const safe = lengthOf(this.#kept.now);
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
    this.#kept.set(withSmall(this.#kept.now, { key, from: 0, size: body.length }, first));
    if (letGo) this.#heldStart += this.#held.dropFirst(lengthOf(this.#kept.now) - this.#heldStart, mayBeSent);
  }

  /** Cuts the bytes to the first `length`. */
  async cut(length: number): Promise<void> {
    await this.#parts.untilOver();
    const isInMemory = length >= this.#partStart && !this.#parts.hasFailed;
    if (!isInMemory && length > lengthOf(this.#kept.now)) this.#parts.check();
    if (length < lengthOf(this.#kept.now)) this.#kept.set(withCut(this.#kept.now, length));
    this.#held.truncate(isInMemory ? Math.max(0, length - this.#heldStart) : 0);
    if (!isInMemory) {
      // The number of a part must never stand for other bytes: the multipart upload does not go on.
      this.#multipart = undefined;
      this.#kept.set(withFrozen(this.#kept.now));
      this.#partStart = largeBytes(this.#kept.now);
      this.#parts.forgetFailure();
    }
    this.#heldStart = Math.min(this.#heldStart, length);
  }

  /** The bytes behind the full parts, which must all be flushed: from memory, as far as they are there. */
  rest(): Body {
    return this.#bodyFrom(this.#partStart);
  }

  #bodyFrom(start: number): Body {
    const sources = piecesBetween(this.#kept.now, start, Math.max(this.#heldStart, start));
    return joinedBody(this.#deps.bucket, sources, this.#held.from(Math.max(0, start - this.#heldStart)));
  }

  /** Completes the multipart uploads that have as many parts as they may. */
  sealFull(): Promise<void> {
    return this.#sealSome(({ parts }) => parts! >= this.#deps.maxParts);
  }

  /**
   * Lets all bytes lie in objects that can be read: completes the multipart uploads. The last one gets the rest as its last
   * part, so that one upload by one writer is one object.
   */
  async sealAll(): Promise<void> {
    await this.putAll();
    if (this.#multipart !== undefined && this.#kept.now.small.length > 0) await this.#putLastPart(this.#multipart);
    await this.#sealSome(() => true);
  }

  /** Completes the multipart uploads that have parts by now. What is appended meanwhile goes to another one. */
  async sealOlder(): Promise<void> {
    this.#multipart = undefined;
    await this.#parts.untilArrived();
    await this.#sealSome(({ uploadId }) => uploadId !== this.#multipart?.uploadId);
  }

  async #putLastPart({ parts, ...multipart }: Multipart & { readonly parts: number }): Promise<void> {
    if (parts >= this.#deps.maxParts || continued(this.#kept.now)?.uploadId !== multipart.uploadId) return;
    // It takes no further part, whatever happens to this one.
    this.#multipart = undefined;
    this.#kept.set(withFrozen(this.#kept.now));
    const body = this.rest();
    const etag = await this.#deps.bucket.putPart(multipart, parts + 1, body);
    this.#kept.addPart(multipart, etag, body.length);
    this.#held.truncate(0);
    this.#partStart = this.#heldStart = lengthOf(this.#kept.now);
  }

  async #sealSome(isWanted: (piece: Layout["large"][number]) => boolean): Promise<void> {
    for (const piece of this.#kept.now.large) {
      const { key, uploadId } = piece;
      if (uploadId === undefined || !isWanted(piece)) continue;
      if (this.#multipart?.uploadId === uploadId) this.#multipart = undefined;
      const isCut = await seal(this.#deps.bucket, piece, await this.#kept.etagsOf(piece));
      this.#kept.set(withSealed(this.#kept.now, { key, uploadId }, isCut));
    }
  }

  /** Keeps the bytes in memory for the next writer, if they lie in small objects too; lets go of them otherwise. */
  keepTail({ isWanted }: { readonly isWanted: boolean }): void {
    const { writtenBy: token } = this.#kept;
    const [start, end] = [this.#heldStart, this.length];
    const isSafe = end === lengthOf(this.#kept.now) && start >= largeBytes(this.#kept.now) && !this.#parts.hasFailed;
    if (!isSafe || !isWanted || this.#held.length === 0 || token === undefined) return this.#held.truncate(0);
    this.#deps.tails.keep(this.#id, { token, start, end, held: this.#held });
  }
}
