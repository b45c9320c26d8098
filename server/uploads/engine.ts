import { UploadError } from "../errors.ts";
import { announcedLength } from "../model/agree.ts";
import type { Scope } from "../model/owner.ts";
import { type CompleteUpload, expiresAt, type FileFacts, isWhole, type ReceivingUpload } from "../model/upload.ts";
import { type Appended, type AppendRequest, isRefusal, type ReceivedRequest } from "./append.ts";
import { appendTo, arrive } from "./append_to.ts";
import { type Batch, receiveBatch, type WithinBatch } from "./batch.ts";
import { askedWithLength } from "./asking.ts";
import { beginAgreed, beginUpload } from "./begin.ts";
import type { NamedFileFacts } from "./by_client.ts";
import { Concatenations, type FinalFacts, type PartialList } from "./concatenate.ts";
import type { ListPlace } from "../storage/store.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type Lease, Locks } from "./locks.ts";
import { load } from "./open_upload.ts";
import { Owners } from "./owners.ts";
import { hasFile } from "./presence.ts";
import { RequestsByClient } from "./requests_by_client.ts";
import { isSmallFile, receiveSmallFile } from "./small_file.ts";
import { isUnfinishedFinal, reconcile, status } from "./status.ts";
import { discardOrphan, endHeld, expire, recordRemovals, terminate, undoBegin } from "./terminate.ts";
import { untilFree } from "./until_free.ts";

/** A page of the list of an owner's uploads. */
export interface UploadList {
  readonly uploads: readonly (ReceivingUpload | CompleteUpload)[];
  readonly next?: ListPlace;
}

/**
 * The engine: all that a protocol can do to an upload. An upload is the same resource in every protocol. To a request
 * whose scope does not have it, an upload does not exist, and nothing happens to it.
 */
export class Engine {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;
  readonly #owners: Owners;
  readonly #byClient: RequestsByClient;
  readonly #concatenations: Concatenations;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#locks = new Locks((waitMs) => deps.meter.takenOver(waitMs));
    this.#owners = new Owners(deps.records);
    this.#byClient = new RequestsByClient(deps, this.#locks);
    this.#concatenations = new Concatenations(deps, this.#locks, this.#owners);
    deps.bytes.serve({
      stop: (id) => this.#locks.stop(id),
      settle: async (id) => void await this.#locks.untilFree(id, deps.limits.patience),
      follow: async (id, offset) => {
        const isFree = await this.#locks.untilFree(id, deps.limits.appendPatience, { offset });
        if (isFree) await this.#locks.stop(id);
        return isFree;
      },
      holds: (id) => this.#locks.isHeld(id),
    });
  }

  /** Begins an upload without bytes. Throws `too-large` and `disk-full`, and what {@linkcode askedWithLength} throws. */
  async create(facts: FileFacts): Promise<ReceivingUpload> {
    const upload = await beginUpload(this.#deps, await this.#deps.asking.create(facts));
    await this.#deps.records.create(upload);
    this.#owners.remember(upload.id, upload.owner);
    return upload;
  }

  /**
   * Begins an upload without a client's id, with the first bytes of its file. An interrupted body is kept. After a
   * refused body nothing is left, because the client has not learnt the upload's address. Throws what `append` throws,
   * `too-large` and `disk-full`, and what {@linkcode askedWithLength} throws.
   */
  async begin(wanted: FileFacts, request: AppendRequest): Promise<Appended> {
    const facts = await askedWithLength(this.#deps, wanted, announcedLength(request));
    if (!isSmallFile(this.#deps, facts, request)) return await this.#beginWith(facts, request);
    using lease = await this.#locks.takeOver(crypto.randomUUID());
    const received = await receiveSmallFile(this.#deps, this.#locks, { facts, request, lease });
    if ("state" in received) return { upload: received, end: "whole" };
    return await this.#beginWith(facts, { ...request, body: received }, lease);
  }

  /**
   * Makes one file of partial uploads, and removes them. A repeated request gets the same file. Throws what
   * {@linkcode Concatenations.concatenate} throws.
   */
  async concatenate(facts: Omit<FinalFacts, "concat">, partials: PartialList): Promise<CompleteUpload> {
    return await this.#concatenations.concatenate(facts, partials);
  }

  /**
   * Finds out how far an upload is, as {@linkcode status} says. With `takesOver` a request that brings bytes ends first.
   * Throws `not-found`, `terminated` or `gone`.
   */
  async status(
    id: string,
    scope: Scope,
    options: { takesOver?: boolean } = {},
  ): Promise<ReceivingUpload | CompleteUpload> {
    await this.#owners.check(id, scope);
    return await status(this.#deps, this.#locks, id, options);
  }

  /** Finds out how far the upload is that a client's id means; `undefined` when there is none. */
  async statusByClient(owner: string, clientId: string): Promise<ReceivingUpload | CompleteUpload | undefined> {
    return await this.#byClient.status(owner, clientId);
  }

  /**
   * Appends a body to an upload, after its holder has let go. An empty request at the end of a complete upload gets the
   * answer of the last one again. Throws what {@linkcode append} throws, `not-found`, `terminated`, `gone`, `locked`,
   * and `final` for a final upload.
   */
  async append(id: string, scope: Scope, request: AppendRequest): Promise<Appended> {
    const arrival = arrive(this.#deps, this.#locks, id, request);
    await this.#owners.check(id, scope);
    await untilFree(this.#deps, this.#locks, id, { offset: request.offset, arrival });
    using lease = await this.#locks.takeOver(id, { position: request.offset, arrival });
    try {
      return await appendTo(this.#deps, id, lease, request);
    } catch (error) {
      if (!(error instanceof UploadError) || request.endsUpload?.(error) !== true) throw error;
      if (await endHeld(this.#deps, id)) request.onUploadEnded?.();
      throw error;
    }
  }

  /**
   * Appends a body to the upload that a client's id means. A body from byte 0 begins a new upload: it replaces an
   * unfinished one, and leaves a finished file beside it. Throws what `append` throws, and what
   * {@linkcode askedWithLength} throws.
   */
  async send(wanted: NamedFileFacts, request: ReceivedRequest, batch?: WithinBatch): Promise<Appended> {
    return await this.#byClient.send(wanted, request, batch);
  }

  /** Receives a body that has many files in it. Resolves when all that `begin` makes has ended. Throws `shutdown`. */
  async receiveBatch(
    request: Pick<AppendRequest, "body" | "bodyLength">,
    begin: (lease: Lease) => Batch,
  ): Promise<void> {
    using lease = await this.#locks.takeOver(crypto.randomUUID());
    await receiveBatch(this.#deps, lease, request, begin(lease));
  }

  /** Terminates the unfinished upload that a client's id means. Throws `not-found` or `finished`. */
  async terminateUnfinished(owner: string, clientId: string): Promise<void> {
    await this.#byClient.terminate(owner, clientId);
  }

  /** Terminates an upload, finished or not: removes its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
  async terminate(id: string, scope: Scope): Promise<void> {
    await this.#owners.check(id, scope);
    await terminate(this.#deps, this.#locks, id);
  }

  /**
   * Lists the uploads of an owner, or of a link (`listOfLink`), that are not over, those that began last first: at most `limit`, behind the place
   * `after`. Finished files that were taken away are left out. `next` is the place behind which the list goes on; absent
   * at its end.
   */
  async list(owner: string, limit: number, after?: ListPlace): Promise<UploadList> {
    const found = await this.#deps.records.list(owner, limit, after);
    const isThere = await Promise.all(found.map((upload) => hasFile(this.#deps, upload)));
    const last = found.length === limit ? found.at(-1) : undefined;
    return {
      uploads: found.filter((_, index) => isThere[index]),
      ...last !== undefined && { next: { id: last.id, createdAt: last.createdAt } },
    };
  }

  /** True when the upload is in `scope`; false for another owner's, and when there is none. */
  async has(id: string, scope: Scope): Promise<boolean> {
    return await this.#owners.has(id, scope);
  }

  /** Removes an upload that is past its time, unless a request holds it. */
  async expire(id: string): Promise<void> {
    await expire(this.#deps, this.#locks, id);
  }

  /**
   * Records the removals that a full disk had no space to record. Stops at the first that it still has no space for.
   */
  async recordRemovals(): Promise<void> {
    await recordRemovals(this.#deps, this.#locks);
  }

  /**
   * Finishes what a crash interrupted, or what awaits its end: an upload that has all its bytes becomes complete, a final
   * upload is concatenated, and the file of a complete one is placed. Any other upload is reconciled. Throws `digest-mismatch`,
   * and what `status` throws.
   */
  async finish(id: string): Promise<ReceivingUpload | CompleteUpload> {
    if (isUnfinishedFinal(await load(this.#deps, id))) return await this.#concatenations.run(id);
    return await reconcile(this.#deps, this.#locks, id, isWhole);
  }

  /**
   * Does what {@linkcode finish} does, unless the upload awaits its end, or a request holds it: nothing is taken from
   * that request, and this gives false. Throws what `finish` throws.
   */
  async finishUnlessHeld(id: string): Promise<boolean> {
    if (isUnfinishedFinal(await load(this.#deps, id))) {
      await this.#concatenations.run(id);
    } else {
      // Nothing may come between this look and the lock.
      if (this.#locks.isHeld(id)) return false;
      await reconcile(this.#deps, this.#locks, id);
    }
    return true;
  }

  /** Resolves as soon as no request holds the upload. */
  async untilLetGo(id: string): Promise<void> {
    await this.#locks.untilLetGo(id);
  }

  /** Removes an entry in the folder of unfinished uploads that belongs to no upload. */
  async discardOrphan(id: string): Promise<void> {
    await discardOrphan(this.#deps, this.#locks, id);
  }

  /**
   * How many bytes a partial upload gave to its final upload; `undefined` when its record does not say so (any more).
   */
  async bytesGiven(id: string, scope: Scope): Promise<number | undefined> {
    if (!await this.#owners.has(id, scope)) return undefined;
    const upload = await this.#deps.records.get(id);
    return upload?.state === "gone" ? upload.given : undefined;
  }

  /**
   * The earliest time at which an unfinished upload expires, in milliseconds since 1970. It expires later if more bytes
   * come, or if the server does not run all the time.
   */
  expiresAt(upload: ReceivingUpload): number {
    const { limits, now, serviceNow } = this.#deps;
    return now() + expiresAt(upload, limits.expireAfterMs) - serviceNow();
  }

  /** Interrupts all requests that receive, and refuses new ones. Resolves when everything is flushed and recorded. */
  async close(): Promise<void> {
    await this.#locks.close();
  }

  async #beginWith(facts: FileFacts, request: ReceivedRequest, within?: Lease): Promise<Appended> {
    const upload = await beginAgreed(this.#deps, facts, request);
    using lease = await this.#locks.takeOver(upload.id, { position: 0, within });
    await this.#deps.records.create(upload);
    this.#owners.remember(upload.id, upload.owner);
    request.onBegun?.(upload);
    try {
      return await appendTo(this.#deps, upload.id, lease, request);
    } catch (error) {
      if (isRefusal(error)) await undoBegin(this.#deps, upload.id);
      throw error;
    }
  }
}
