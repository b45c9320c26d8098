import { encodeBase64Url } from "@std/encoding/base64url";
import { UploadError } from "../errors.ts";
import { append, type Appended, type AppendRequest } from "./append.ts";
import { agree, checkSize, tooLong, wrongOffset } from "./agree.ts";
import { finish } from "./finish.ts";
import { load, open, OpenUpload, whileLocked } from "./open_upload.ts";
import { type Parts, RATE_GRACE_MS } from "./parts.ts";
import { receive } from "./receive.ts";
import { expire, giveUp, terminate } from "./remove.ts";
import { type Lease, Writers } from "./takeover.ts";
import { Turns } from "./turns.ts";
import {
  type CompleteUpload,
  expiresAt,
  type FileFacts,
  hasAllBytes,
  newUpload,
  type ReceivingUpload,
  safeBytes,
  type Upload,
} from "./upload.ts";

/** The facts of a file that its client knows by an id of its own. */
export type NamedFileFacts = FileFacts & { readonly clientId: string };

/** What every protocol calls: one upload is one resource, whatever protocol made it. */
export class Engine {
  readonly #parts: Parts;
  readonly #writers = new Writers();
  /** One after the other, the requests of one client's id find their upload. */
  readonly #turns = new Turns();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins an upload. Throws `too-large` and `disk-full`. */
  async create(facts: FileFacts): Promise<ReceivingUpload> {
    const upload = await this.#newUpload(facts);
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
    if (!settled || upload.state === "complete") return upload;
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
    const upload = await this.#findInTurn(owner, clientId);
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
    // Whoever asks for this id next must find this request's upload, and that it is being written to.
    for (;;) {
      const { id, lease } = await this.#turns.take(turnOf(facts.owner, facts.clientId), async () => {
        const { id } = await this.#target(facts, request);
        if (!this.#writers.isFree(id, request.offset)) return { id };
        return { id, lease: this.#writers.takeOver(id, request.offset) };
      });
      if (lease !== undefined) return await this.#append(id, lease, request);
      // Not in its turn: those that only ask must not wait behind it.
      await this.#untilFree(id, request.offset);
    }
  }

  /** Gives up the unfinished upload that a client knows by an id of its own. Throws `not-found` or `finished`. */
  async giveUp(owner: string, clientId: string): Promise<void> {
    const found = await this.#findInTurn(owner, clientId);
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

  /** Removes an entry among the unfinished uploads that belongs to none of them. */
  async discardOrphan(id: string): Promise<void> {
    const { bytes, records, log } = this.#parts;
    // A request for the finished file that it was, or one that begins anew in its place, is soon done with it.
    using _lease = await this.#writers.takeOver(id);
    await whileLocked(this.#parts, id, async () => {
      if ((await records.get(id))?.state === "receiving") return;
      await bytes.discard(id);
      log.info("Removed {id}, which was left behind", { id });
    });
  }

  /** When an unfinished upload expires, in milliseconds since 1970, unless more bytes come before. */
  expiresAt(upload: ReceivingUpload): number {
    return expiresAt(upload, this.#parts.limits.expireAfterMs);
  }

  /** Ends all requests that receive, as interruptions, takes no new ones, and returns when all is flushed and recorded. */
  async close(): Promise<void> {
    await this.#writers.close();
  }

  async #newUpload(facts: FileFacts): Promise<ReceivingUpload> {
    const { bytes, limits, boot, now } = this.#parts;
    checkSize(facts.length ?? 0, limits.maxBytes);
    const free = limits.minFreeBytes === 0 ? Infinity : await bytes.freeBytes();
    if (free - (facts.length ?? 0) < limits.minFreeBytes) {
      throw new UploadError(
        "disk-full",
        "The server's disk is too full for a new upload: try again when there is space",
      );
    }
    const id = encodeBase64Url(crypto.getRandomValues(new Uint8Array(16)));
    return newUpload(facts, { id, now: now(), expireAfterMs: limits.expireAfterMs, boot });
  }

  async #bringInStep(
    id: string,
    mayFinish: (upload: ReceivingUpload) => boolean,
  ): Promise<ReceivingUpload | CompleteUpload> {
    using _lease = await this.#writers.takeOver(id);
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return opened;
    await using _opened = opened;
    if (!mayFinish(opened.upload)) return opened.upload;
    // An empty file may just have been made: it must not vanish behind the name that it gets.
    await opened.appender.sync();
    return await finish(this.#parts, opened.upload);
  }

  async #findInTurn(owner: string, clientId: string): Promise<ReceivingUpload | CompleteUpload | undefined> {
    return await this.#turns.take(turnOf(owner, clientId), async () => {
      return present(await this.#parts.records.findByClient(owner, clientId));
    });
  }

  /** The upload that a request with a client's own id goes to; it is begun where it has to be. */
  async #target(facts: NamedFileFacts, request: AppendRequest): Promise<{ id: string }> {
    for (;;) {
      const known = present(await this.#parts.records.findByClient(facts.owner, facts.clientId));
      if (known === undefined && request.offset > 0) throw wrongOffset(0);
      if (known !== undefined && (request.offset > 0 || isRepeat(known, request))) return known;
      if (known !== undefined && mustGoOn(known, request)) return known;
      const begun = await this.#begin(facts, request, known);
      if (begun !== undefined) return begun;
    }
  }

  /** Begins a new upload in the place of `known`; `undefined` when that has changed meanwhile: look again. */
  async #begin(facts: FileFacts, request: AppendRequest, known?: Upload): Promise<{ id: string } | undefined> {
    const { records, bytes, limits } = this.#parts;
    const begun = await this.#newUpload({ ...facts, ...request.length !== undefined && { length: request.length } });
    // A request that would be refused must not cost the bytes of the upload before it.
    const upload = { ...begun, ...agree(begun, request, limits.maxBytes) };
    if (known === undefined) return await records.create(upload) ? upload : undefined;
    using _lease = await this.#writers.takeOver(known.id);
    return await whileLocked(this.#parts, known.id, async () => {
      const current = present(await records.get(known.id));
      if (current !== undefined && (isRepeat(current, request) || mustGoOn(current, request))) return undefined;
      if (current?.state === "receiving") await bytes.unplace(current);
      if (!await records.create(upload, current)) return undefined;
      if (current?.state === "receiving") await bytes.discard(current.id);
      return upload;
    });
  }

  /**
   * Waits until a request may append at `offset`. A holder whose bytes end there has to let go at once; one that goes on
   * receiving elsewhere is left alone, for the request could not append after it anyway: of two that race, one wins.
   */
  async #untilFree(id: string, offset: number): Promise<void> {
    const isFree = await this.#writers.settle(id, this.#parts.limits.appendPatience, offset);
    if (!isFree) throw wrongOffset(safeBytes(await load(this.#parts, id)));
  }

  async #append(id: string, taken: Promise<Lease>, request: AppendRequest): Promise<Appended> {
    using lease = await taken;
    const found = await load(this.#parts, id);
    if (found.state === "complete") return await this.#repeat(lease, found, request);
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return await this.#repeat(lease, opened, request);
    await using _opened = opened;
    const appended = await append(this.#parts, lease, opened, request);
    if (appended.end !== "complete") {
      this.#parts.log.info("Upload {id} interrupted ({end}) at byte {offset}", {
        id,
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

function turnOf(owner: string, clientId: string): string {
  return JSON.stringify([owner, clientId]);
}

function present(upload: Upload | undefined): ReceivingUpload | CompleteUpload | undefined {
  return upload?.state === "gone" ? undefined : upload;
}

/** A request from byte 0 for an empty file, where one is finished. */
function isRepeat(known: ReceivingUpload | CompleteUpload, { offset, bodyLength, length }: AppendRequest): boolean {
  return known.state === "complete" && safeBytes(known) === offset && (length ?? bodyLength) === 0;
}

/** A request that never starts over, where there are bytes of its file, as far as the length tells which file it is. */
function mustGoOn(known: ReceivingUpload | CompleteUpload, { neverStartsOver, length }: AppendRequest): boolean {
  const isSameFile = length === undefined || known.length === undefined || length === known.length;
  return neverStartsOver === true && isSameFile && safeBytes(known) > 0;
}
