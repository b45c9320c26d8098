import { isAbsent, UploadError } from "../errors.ts";
import { wrongOffset } from "../model/agree.ts";
import { appendAndClose, type Appended, type AppendRequest } from "./append.ts";
import { beginUpload } from "./begin.ts";
import { type BegunTarget, type NamedFileFacts, UploadsByClient } from "./by_client.ts";
import { Concatenations, type FinalFacts } from "./concatenate.ts";
import { finish } from "./finish.ts";
import { beginWith, leaveNothing } from "./first_request.ts";
import { isFinal, load, open, openBegun, OpenUpload } from "./open_upload.ts";
import type { Parts } from "./parts.ts";
import { repeat } from "./repeat.ts";
import { discardOrphan, expire, giveUp, recordRemovals, terminate } from "./terminate.ts";
import { type Lease, Writers } from "./locks.ts";
import {
  canAppear,
  type CompleteUpload,
  expiresAt,
  type FileFacts,
  type ReceivingUpload,
  safeBytes,
} from "../model/upload.ts";

/** What every protocol calls: one upload is one resource, whatever protocol made it. */
export class Engine {
  readonly #parts: Parts;
  readonly #writers = new Writers();
  readonly #byClient: UploadsByClient;
  readonly #concatenations: Concatenations;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#byClient = new UploadsByClient(parts, this.#writers);
    this.#concatenations = new Concatenations(parts, this.#writers);
  }

  /** Begins an upload. Throws `too-large` and `disk-full`. */
  async create(facts: FileFacts): Promise<ReceivingUpload> {
    const upload = beginUpload(this.#parts, facts);
    await this.#parts.records.create(upload);
    return upload;
  }

  /**
   * Begins an upload with the first bytes of its file. An interruption keeps them; of a body that is refused nothing
   * stays. Throws what `append` throws, `too-large` and `disk-full`.
   */
  async begin(facts: FileFacts, request: AppendRequest): Promise<Appended> {
    return await beginWith(this.#parts, this.#writers, facts, request);
  }

  /**
   * Makes one file of partial uploads, which are given up for it; asked for again, it is the same file. Throws
   * `not-found` and `gone` for a partial upload that its owner does not have (any more), and `bad-request` for an upload
   * that is not partial, or not whole.
   */
  async concatenate(
    facts: Omit<FinalFacts, "concat">,
    partials: { readonly ids: readonly string[]; readonly asSent: string },
  ): Promise<CompleteUpload> {
    const status = (id: string) => this.status(id);
    return await this.#concatenations.concatenate(facts, { ...partials, status });
  }

  /**
   * How far an upload is: the count is on disk, and it is the one that the next append meets, unless another client
   * goes on sending. Waits up to a second for a writer to end or fall silent; takes over a silent one. Completes what a
   * crash has left undone. Throws `not-found`, `terminated` or `gone`.
   */
  async status(id: string): Promise<ReceivingUpload | CompleteUpload> {
    const { bytes, limits, log } = this.#parts;
    const settled = this.#concatenations.isRunning(id) || await this.#writers.settle(id, limits.patience);
    const upload = await load(this.#parts, id);
    if (upload.state === "receiving" && upload.concat !== undefined) return upload;
    if (upload.state === "complete") return await this.#settled(upload);
    if (!settled) return upload;
    const inStep = isPromised(upload, this.#parts) && (await bytes.length(id) ?? 0) === upload.offset;
    if (inStep && !canFinish(upload)) return upload;
    try {
      return await this.#bringInStep(id, canFinish);
    } catch (error) {
      if (error instanceof UploadError && error.code !== "locked") throw error;
      // What is recorded is true, though there may be more: no reason for a client to lose its upload.
      log.warning("Cannot bring upload {id} in step: {error}", { id, error });
      return await load(this.#parts, id);
    }
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
    if (this.#concatenations.isRunning(id)) throw isFinal();
    const number = this.#writers.arrive();
    await this.#untilFree(id, request.offset, number);
    return await this.#append(id, this.#writers.takeOver(id, request.offset, number), request);
  }

  /**
   * Appends a body to the upload that a client knows by an id of its own. A body from byte 0 begins a new upload, where
   * there is none, in the place of an unfinished one, or beside a finished one. Throws what `append` throws.
   */
  async send(facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const begun = this.#byClient.beginAhead(facts, request);
    return begun === undefined ? await this.#sendInTurn(facts, request) : await this.#sendAhead(begun, facts, request);
  }

  /** Gives up the unfinished upload that a client knows by an id of its own. Throws `not-found` or `finished`. */
  async giveUp(owner: string, clientId: string): Promise<void> {
    const found = await this.#byClient.find(owner, clientId);
    if (found === undefined) throw new UploadError("not-found", "No upload has this id: nothing to give up");
    await giveUp(this.#parts, this.#writers, found.id);
  }

  /** Removes an upload, finished or not, with its bytes. Throws `not-found`, `terminated`, `gone` or `locked`. */
  async terminate(id: string): Promise<void> {
    await terminate(this.#parts, this.#writers, id);
  }

  /** Removes an upload that is past its time, unless somebody is writing to it. */
  async expire(id: string): Promise<void> {
    await expire(this.#parts, this.#writers, id);
  }

  /** Records the removals for which a full disk had no space. Throws where it still has none. */
  async recordRemovals(): Promise<void> {
    await recordRemovals(this.#parts, this.#writers);
  }

  /**
   * Completes what a crash has left undone of an upload that has all its bytes, or has to be concatenated of others,
   * unless somebody is there for it.
   */
  async complete({ id, concat }: ReceivingUpload): Promise<void> {
    if (this.#writers.isHeld(id)) return;
    if (concat !== undefined) await this.#concatenations.run(id);
    else await this.#bringInStep(id, canAppear);
  }

  /** Makes sure of a finished upload that a crash came upon just then. Throws what `status` throws. */
  async settle(id: string): Promise<void> {
    await this.#writers.untilFree(id);
    await this.#bringInStep(id, canAppear);
  }

  /** Finishes an upload that has all its bytes, whatever it takes. Throws `digest-mismatch`, and what `status` throws. */
  async finish(id: string): Promise<ReceivingUpload | CompleteUpload> {
    return await this.#bringInStep(id, canAppear);
  }

  /** Removes an entry among the unfinished uploads that belongs to none of them. */
  async discardOrphan(id: string): Promise<void> {
    // It may have begun just now; and who has it knows what to do with it.
    if (this.#writers.isHeld(id)) return;
    using _lease = await this.#writers.takeOver(id);
    await discardOrphan(this.#parts, id);
  }

  /** How many bytes a partial upload has given to the one that it was concatenated into, as long as that is remembered. */
  async given(id: string): Promise<number | undefined> {
    const upload = await this.#parts.records.get(id);
    return upload?.state === "gone" ? upload.given : undefined;
  }

  /**
   * When an unfinished upload expires, in milliseconds since 1970, if the server runs until then and no more bytes come
   * before; never earlier.
   */
  expiresAt(upload: ReceivingUpload): number {
    const { limits, now, serviceNow } = this.#parts;
    return now() + expiresAt(upload, limits.expireAfterMs) - serviceNow();
  }

  /** Ends all requests that receive, as interruptions, takes no new ones, and returns when all is flushed and recorded. */
  async close(): Promise<void> {
    await this.#writers.close();
  }

  async #bringInStep(
    id: string,
    mayFinish: (upload: ReceivingUpload) => boolean,
  ): Promise<ReceivingUpload | CompleteUpload> {
    using lease = await this.#writers.takeOver(id);
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return opened;
    await using _opened = opened;
    if (!mayFinish(opened.upload)) return opened.upload;
    // An empty file may just have been made: it must not vanish behind the name that it gets.
    await opened.appender.sync();
    return await finish(this.#parts, lease, opened);
  }

  /**
   * Waits until a request may append at `offset`. A holder whose bytes end there has to let go at once; one that goes on
   * receiving elsewhere is left alone, for the request could not append after it anyway: of two that race, one wins.
   */
  async #untilFree(id: string, offset: number, number: number): Promise<void> {
    const isFree = await this.#writers.settle(id, this.#parts.limits.appendPatience, { offset, number });
    if (isFree) return;
    const safe = safeBytes(await load(this.#parts, id));
    throw safe === offset ? stillReceiving(safe) : wrongOffset(safe);
  }

  /** A finished upload, once its name is on disk: a crash, or a disk that fails, may have come just before. */
  async #settled(upload: CompleteUpload): Promise<ReceivingUpload | CompleteUpload> {
    if (await this.#parts.bytes.length(upload.id) === undefined) return upload;
    return await this.#bringInStep(upload.id, canAppear);
  }

  async #append(id: string, taken: Promise<Lease>, request: AppendRequest): Promise<Appended> {
    using lease = await taken;
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return await repeat(this.#parts, lease, opened, request);
    return await appendAndClose(this.#parts, lease, opened, request);
  }

  async #sendInTurn(facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const number = this.#writers.arrive();
    for (;;) {
      const { id, lease } = await this.#byClient.enter(facts, request, number);
      if (lease !== undefined) return await this.#append(id, lease, request);
      await this.#untilFree(id, request.offset, number);
    }
  }

  async #sendAhead(target: BegunTarget, facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const { begun } = target;
    const { id } = begun.upload;
    try {
      using lease = await target.lease;
      // Its client may be gone, and its connection dead: nothing of it need be waited for.
      begun.onTaken = () => this.#writers.stop(id);
      if (begun.isTaken) begun.onTaken();
      try {
        return await appendAndClose(this.#parts, lease, await openBegun(this.#parts, begun), request);
      } catch (error) {
        if (!begun.isTaken || !(error instanceof UploadError) || error.code !== "taken-over") throw error;
        const { bytes } = this.#parts;
        const arrived = await new Response(bytes.readUnfinished(id, await bytes.length(id) ?? 0)).bytes();
        // Those that have come since must not find that it began anew after them.
        if (begun.isWanted) throw error;
        // What came of the body goes the way that it would have gone, had somebody looked first.
        begun.leave();
        return await this.#sendInTurn(facts, { ...request, body: new Response(arrived).body });
      } finally {
        if (!await begun.end()) await leaveNothing(this.#parts, id);
      }
    } finally {
      begun.leave();
    }
  }
}

/** What has been counted is where the body starts, but bytes of an earlier request are still coming in behind it. */
function stillReceiving(offset: number): UploadError {
  const message =
    "An earlier request is still bringing bytes of this upload: ask for the count in a few seconds, and go on";
  return new UploadError("locked", message, { offset });
}

/** Digests are checked with the next request: reading a large file again is too much for one that only asks. */
function canFinish(upload: ReceivingUpload): boolean {
  return canAppear(upload) && upload.digests === undefined;
}

/** False where its count was told without a flush: by a relaxed server to a durable one, or before the machine started. */
function isPromised({ relaxed, boot }: ReceivingUpload, parts: Parts): boolean {
  return !relaxed || !parts.durable && boot === parts.boot;
}
