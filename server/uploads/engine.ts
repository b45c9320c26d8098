import { UploadError } from "../errors.ts";
import { append, type Appended, type AppendRequest } from "./append.ts";
import { agree, tooLong, wrongOffset } from "./agree.ts";
import { beginUpload } from "./begin.ts";
import { type BegunTarget, type NamedFileFacts, UploadsByClient } from "./by_client.ts";
import { finish } from "./finish.ts";
import { load, open, openBegun, OpenUpload } from "./open_upload.ts";
import { type Parts, RATE_GRACE_MS } from "./parts.ts";
import { receive } from "./receive.ts";
import { discardOrphan, expire, giveUp, terminate } from "./remove.ts";
import { type Lease, Writers } from "./takeover.ts";
import {
  type CompleteUpload,
  expiresAt,
  type FileFacts,
  hasAllBytes,
  type ReceivingUpload,
  safeBytes,
} from "./upload.ts";

/** What every protocol calls: one upload is one resource, whatever protocol made it. */
export class Engine {
  readonly #parts: Parts;
  readonly #writers = new Writers();
  readonly #byClient: UploadsByClient;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#byClient = new UploadsByClient(parts, this.#writers);
  }

  /** Begins an upload. Throws `too-large` and `disk-full`. */
  async create(facts: FileFacts): Promise<ReceivingUpload> {
    const upload = await beginUpload(this.#parts, facts);
    await this.#parts.records.create(upload);
    return upload;
  }

  /**
   * How far an upload is: the count is on disk, and it is the one that the next append meets, unless another client
   * goes on sending. Waits up to a second for a writer to end or fall silent; takes over a silent one. Completes what a
   * crash has left undone. Throws `not-found` or `gone`.
   */
  async status(id: string): Promise<ReceivingUpload | CompleteUpload> {
    const { bytes, limits, log } = this.#parts;
    const settled = await this.#writers.settle(id, limits.patience);
    const upload = await load(this.#parts, id);
    if (upload.state === "complete") return await this.#settled(upload);
    if (!settled) return upload;
    const inStep = (await bytes.length(id) ?? 0) === upload.offset;
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
      if (error instanceof UploadError && (error.code === "gone" || error.code === "not-found")) return undefined;
      throw error;
    }
  }

  /**
   * Appends a body to an upload; a writer that still holds it has to let go first. The same last request again, empty,
   * on a finished upload gives what it gave. Throws what {@linkcode append} throws, `not-found`, `gone` and `locked`.
   */
  async append(id: string, request: AppendRequest): Promise<Appended> {
    await this.#untilFree(id, request.offset);
    return await this.#append(id, this.#writers.takeOver(id, request.offset), request);
  }

  /**
   * Appends a body to the upload that a client knows by an id of its own. A body from byte 0 begins a new upload, where
   * there is none, in the place of an unfinished one, or beside a finished one. Throws what `append` throws.
   */
  async send(facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const begun = await this.#byClient.beginAhead(facts, request);
    return begun === undefined ? await this.#sendInTurn(facts, request) : await this.#sendAhead(begun, facts, request);
  }

  /** Gives up the unfinished upload that a client knows by an id of its own. Throws `not-found` or `finished`. */
  async giveUp(owner: string, clientId: string): Promise<void> {
    const found = await this.#byClient.find(owner, clientId);
    if (found === undefined) throw new UploadError("not-found", "No upload has this id: nothing to give up");
    await giveUp(this.#parts, this.#writers, found.id);
  }

  /** Removes an upload, finished or not, with its bytes. Throws `not-found`, `gone` or `locked`. */
  async terminate(id: string): Promise<void> {
    await terminate(this.#parts, this.#writers, id);
  }

  /** Removes an upload that is past its time, unless somebody is writing to it. */
  async expire(id: string): Promise<void> {
    await expire(this.#parts, this.#writers, id);
  }

  /** Completes what a crash has left undone of an upload that has all its bytes, unless somebody is there for it. */
  async complete(id: string): Promise<void> {
    if (!this.#writers.isHeld(id)) await this.#bringInStep(id, hasAllBytes);
  }

  /** Makes sure of a finished upload that a crash came upon just then. Throws `not-found` or `gone`. */
  async settle(id: string): Promise<void> {
    await this.#writers.untilFree(id);
    await this.#bringInStep(id, hasAllBytes);
  }

  /** Removes an entry among the unfinished uploads that belongs to none of them. */
  async discardOrphan(id: string): Promise<void> {
    // It may have begun just now; and who has it knows what to do with it.
    if (this.#writers.isHeld(id)) return;
    using _lease = await this.#writers.takeOver(id);
    await discardOrphan(this.#parts, id);
  }

  /** When an unfinished upload expires, in milliseconds since 1970, unless more bytes come before. */
  expiresAt(upload: ReceivingUpload): number {
    return expiresAt(upload, this.#parts.limits.expireAfterMs);
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
    return await finish(this.#parts, lease, opened.upload);
  }

  /**
   * Waits until a request may append at `offset`. A holder whose bytes end there has to let go at once; one that goes on
   * receiving elsewhere is left alone, for the request could not append after it anyway: of two that race, one wins.
   */
  async #untilFree(id: string, offset: number): Promise<void> {
    const isFree = await this.#writers.settle(id, this.#parts.limits.appendPatience, offset);
    if (!isFree) throw wrongOffset(safeBytes(await load(this.#parts, id)));
  }

  /** A finished upload, once its name is on disk: a crash, or a disk that fails, may have come just before. */
  async #settled(upload: CompleteUpload): Promise<ReceivingUpload | CompleteUpload> {
    if (await this.#parts.bytes.length(upload.id) === undefined) return upload;
    return await this.#bringInStep(upload.id, hasAllBytes);
  }

  async #append(id: string, taken: Promise<Lease>, request: AppendRequest): Promise<Appended> {
    using lease = await taken;
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return await this.#repeat(lease, opened, request);
    return await this.#appendTo(opened, lease, request);
  }

  async #sendInTurn(facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    for (;;) {
      const { id, lease } = await this.#byClient.enter(facts, request);
      if (lease !== undefined) return await this.#append(id, lease, request);
      await this.#untilFree(id, request.offset);
    }
  }

  async #sendAhead(target: BegunTarget, facts: NamedFileFacts, request: AppendRequest): Promise<Appended> {
    const { begun } = target;
    const { id } = begun.upload;
    try {
      using lease = await target.lease;
      try {
        return await this.#appendTo(await openBegun(this.#parts, begun), lease, request);
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
        if (!await begun.end()) await this.#leaveNothing(id);
      }
    } finally {
      begun.leave();
    }
  }

  /** Of an upload that never got a record nothing may be left; but a commit that has failed may have come to pass. */
  async #leaveNothing(id: string): Promise<void> {
    await discardOrphan(this.#parts, id).catch((error) => {
      this.#parts.log.warning("Cannot remove what is left of upload {id}: {error}", { id, error });
    });
  }

  async #appendTo(opened: OpenUpload, lease: Lease, request: AppendRequest): Promise<Appended> {
    await using _opened = opened;
    const appended = await append(this.#parts, lease, opened, request);
    if (appended.end !== "complete") {
      this.#parts.log.info("Upload {id} interrupted ({end}) at byte {offset}", {
        id: opened.upload.id,
        end: appended.end,
        offset: safeBytes(appended.upload),
      });
    }
    return appended;
  }

  /** The answer to a request on a finished upload: the same as before, where it brings nothing new. */
  async #repeat(lease: Lease, upload: CompleteUpload, request: AppendRequest): Promise<Appended> {
    agree({ offset: upload.length, length: upload.length }, { ...request, toTheEnd: false }, Infinity);
    const { end } = await receive(request.body, NOTHING, {
      limit: 0,
      expected: request.bodyLength,
      idleMs: this.#parts.limits.idleMs,
      minBytesPerSecond: 0,
      rateGraceMs: RATE_GRACE_MS,
      stop: lease.stop,
      onArrived: (bytes) => lease.arrived(bytes),
      onPiece: () => {},
    });
    if (end === "too-long") throw tooLong(upload.length, { offset: upload.length });
    return { upload, end };
  }
}

const NOTHING = {
  length: 0,
  write: () => Promise.resolve(),
  sync: () => Promise.resolve(),
  cut: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Digests are checked with the next request: reading a large file again is too much for one that only asks. */
function canFinish(upload: ReceivingUpload): boolean {
  return hasAllBytes(upload) && upload.digests === undefined;
}
