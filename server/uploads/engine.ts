import { isAbsent, UploadError } from "../errors.ts";
import { wrongOffset } from "../model/agree.ts";
import { type CompleteUpload, expiresAt, type FileFacts, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import { append, type Appended, type AppendRequest, isRefusal, type ReceivedRequest, repeat } from "./append.ts";
import { beginAgreed, beginUpload } from "./begin.ts";
import { type NamedFileFacts, UploadsByClient } from "./by_client.ts";
import { Concatenations, type FinalFacts, type Wanted } from "./concatenate.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { keyOfClient, type Lease, Locks } from "./locks.ts";
import { isFinal, load, open, OpenUpload } from "./open_upload.ts";
import { isSmallFile, receiveSmallFile } from "./small_file.ts";
import { bringInStep, isUnfinishedFinal, status } from "./status.ts";
import { discardOrphan, expire, forget, recordRemovals, terminate, terminateUnfinished } from "./terminate.ts";

/** What every protocol calls: one upload is one resource, whatever protocol made it. */
export class Engine {
  readonly #deps: EngineDeps;
  readonly #locks = new Locks();
  readonly #byClient: UploadsByClient;
  readonly #concatenations: Concatenations;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#byClient = new UploadsByClient(deps, this.#locks);
    this.#concatenations = new Concatenations(deps, this.#locks);
  }

  /** Begins an upload. Throws `too-large` and `disk-full`. */
  async create(facts: FileFacts): Promise<ReceivingUpload> {
    const upload = beginUpload(this.#deps, facts);
    await this.#deps.records.create(upload);
    return upload;
  }

  /**
   * Begins an upload, which its client knows by no id of its own, with the first bytes of its file. An interruption keeps
   * them; of a body that is refused nothing stays, for its client does not know where it would be. Throws what `append`
   * throws, `too-large` and `disk-full`.
   */
  async begin(facts: FileFacts, request: AppendRequest): Promise<Appended> {
    if (!isSmallFile(this.#deps, facts, request)) return await this.#beginWith(facts, request);
    using lease = await this.#locks.takeOver(crypto.randomUUID());
    const received = await receiveSmallFile(this.#deps, this.#locks, { facts, request, lease });
    if ("state" in received) return { upload: received, end: "complete" };
    return await this.#beginWith(facts, { ...request, body: received }, lease);
  }

  /**
   * Makes one file of partial uploads, which are removed for it; asked for again, it is the same file. Throws what
   * {@linkcode Concatenations.concatenate} throws.
   */
  async concatenate(facts: Omit<FinalFacts, "concat">, partials: Wanted): Promise<CompleteUpload> {
    return await this.#concatenations.concatenate(facts, partials);
  }

  /** How far an upload is, as {@linkcode status} finds it. Throws `not-found`, `terminated` or `gone`. */
  async status(id: string): Promise<ReceivingUpload | CompleteUpload> {
    return await status(this.#deps, this.#locks, id);
  }

  /** Like {@linkcode status}, for the upload that a client knows by an id of its own; `undefined` where there is none. */
  async statusByClient(owner: string, clientId: string): Promise<ReceivingUpload | CompleteUpload | undefined> {
    const upload = await this.#byClient.find(owner, clientId);
    if (upload === undefined) return undefined;
    try {
      return await this.status(upload.id);
    } catch (error) {
      // It went since it was found: to its client it is as if it had never been.
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /**
   * Appends a body to an upload; a writer that still holds it has to let go first. The same last request again, empty,
   * on a finished upload gives what it gave. Throws what {@linkcode append} throws, `not-found`, `terminated`, `gone`,
   * `locked`, and `final` for one that is concatenated of others.
   */
  async append(id: string, request: AppendRequest): Promise<Appended> {
    const arrival = this.#locks.arrive();
    await this.#untilFree(id, request.offset, arrival);
    using lease = await this.#locks.takeOver(id, { position: request.offset, arrival });
    return await this.#append(id, lease, request);
  }

  /**
   * Appends a body to the upload that a client knows by an id of its own. A body from byte 0 begins a new upload, where
   * there is none, in the place of an unfinished one, or beside a finished one. Throws what `append` throws.
   */
  async send(facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const arrival = this.#locks.arrive();
    if (!isSmallFile(this.#deps, facts, request)) return await this.#sendOn(facts, request, arrival);
    using lease = await this.#locks.takeOver(keyOfClient(facts), { arrival });
    const received = await receiveSmallFile(this.#deps, this.#locks, { facts, request, lease });
    if ("state" in received) return { upload: received, end: "complete" };
    return await this.#sendOn(facts, { ...request, body: received }, arrival, lease);
  }

  /** Ends the unfinished upload that a client knows by an id of its own. Throws `not-found` or `finished`. */
  async terminateUnfinished(owner: string, clientId: string): Promise<void> {
    using _lease = await this.#locks.takeOver(keyOfClient({ owner, clientId }));
    const found = await this.#byClient.lookUp(owner, clientId);
    if (found === undefined) throw new UploadError("not-found", "No upload has this id: nothing to give up");
    await terminateUnfinished(this.#deps, this.#locks, found.id);
  }

  /** Removes an upload, finished or not, with its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
  async terminate(id: string): Promise<void> {
    await terminate(this.#deps, this.#locks, id);
  }

  /** Removes an upload that is past its time, unless somebody is writing to it. */
  async expire(id: string): Promise<void> {
    await expire(this.#deps, this.#locks, id);
  }

  /** Records the removals for which a full disk had no space. Throws where it still has none. */
  async recordRemovals(): Promise<void> {
    await recordRemovals(this.#deps, this.#locks);
  }

  /**
   * Brings an upload to the end that a crash has kept it from: one that has all its bytes is finished, one that has to be
   * concatenated of others is, and one that is finished gets its name. Any other one is brought in step. Throws
   * `digest-mismatch`, and what `status` throws.
   */
  async finish(id: string): Promise<ReceivingUpload | CompleteUpload> {
    if (isUnfinishedFinal(await load(this.#deps, id))) return await this.#concatenations.run(id);
    return await bringInStep(this.#deps, this.#locks, id);
  }

  /** True while a request holds the upload, which will do what there is to do. */
  isHeld(id: string): boolean {
    return this.#locks.isHeld(id);
  }

  /** Removes an entry among the unfinished uploads that belongs to none of them. */
  async discardOrphan(id: string): Promise<void> {
    await discardOrphan(this.#deps, this.#locks, id);
  }

  /** How many bytes a partial upload has given to the one that it was concatenated into, as long as that is remembered. */
  async given(id: string): Promise<number | undefined> {
    const upload = await this.#deps.records.get(id);
    return upload?.state === "gone" ? upload.given : undefined;
  }

  /**
   * When an unfinished upload expires, in milliseconds since 1970, if the server runs until then and no more bytes come
   * before; never earlier.
   */
  expiresAt(upload: ReceivingUpload): number {
    const { limits, now, serviceNow } = this.#deps;
    return now() + expiresAt(upload, limits.expireAfterMs) - serviceNow();
  }

  /** Ends all requests that receive, as interruptions, takes no new ones, and returns when all is flushed and recorded. */
  async close(): Promise<void> {
    await this.#locks.close();
  }

  async #beginWith(facts: FileFacts, request: ReceivedRequest, within?: Lease): Promise<Appended> {
    const upload = beginAgreed(this.#deps, facts, request);
    using lease = await this.#locks.takeOver(upload.id, { position: 0, within });
    await this.#deps.records.create(upload);
    try {
      return await this.#append(upload.id, lease, request);
    } catch (error) {
      if (isRefusal(error)) await forget(this.#deps, upload.id);
      throw error;
    }
  }

  async #sendOn(facts: NamedFileFacts, request: ReceivedRequest, arrival: number, held?: Lease): Promise<Appended> {
    for (;;) {
      const { id, taken } = await this.#byClient.enter(facts, request, arrival, held);
      if (taken === undefined) {
        await this.#untilFree(id, request.offset, arrival);
        continue;
      }
      using lease = await taken;
      return await this.#append(id, lease, request);
    }
  }

  /**
   * Waits until a request may append at `offset`. A holder whose bytes end there has to let go at once; one that goes on
   * receiving elsewhere is left alone, for the request could not append after it anyway: of two that race, one wins.
   */
  async #untilFree(id: string, offset: number, arrival: number): Promise<void> {
    if (this.#locks.isFree(id, offset, arrival)) return;
    if (isUnfinishedFinal(await load(this.#deps, id))) throw isFinal();
    if (await this.#locks.settle(id, this.#deps.limits.appendPatience, { offset, arrival })) return;
    const safe = safeBytes(await load(this.#deps, id));
    throw safe === offset ? stillReceiving(safe) : wrongOffset(safe);
  }

  async #append(id: string, lease: Lease, request: ReceivedRequest): Promise<Appended> {
    const opened = await open(this.#deps, id);
    if (opened instanceof OpenUpload) return await append(this.#deps, lease, opened, request);
    return await repeat(this.#deps, lease, opened, request);
  }
}

/** What has been counted is where the body starts, but bytes of an earlier request are still coming in behind it. */
function stillReceiving(offset: number): UploadError {
  const message =
    "An earlier request is still bringing bytes of this upload: ask for the count in a few seconds, and go on";
  return new UploadError("locked", message, { offset });
}
