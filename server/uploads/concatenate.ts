import { asUploadError, isAbsent, UploadError } from "../errors.ts";
import { takenOver } from "../model/agree.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { askedWithLength } from "./asking.ts";
import { beginUpload } from "./begin.ts";
import { finish } from "./finish.ts";
import { load, open, OpenUpload } from "./open_upload.ts";
import { baseOf, checkedPartial, isNeededAfter, isStillWhole, removePartial, roomFor } from "./partials.ts";
import { status } from "./status.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Owners } from "./owners.ts";
import { keyOfClient, type Lease, type Locks } from "./locks.ts";
import {
  type CompleteUpload,
  type Concat,
  type FileFacts,
  gone,
  type PartialUpload,
  type ReceivingUpload,
  written,
} from "../model/upload.ts";

/** The facts of a final upload's file. */
export type FinalFacts = FileFacts & { readonly concat: Concat };

/** The partial uploads that a client wants to concatenate. */
export interface PartialList {
  readonly ids: readonly string[];
  /** The client's `Upload-Concat` as it was sent. */
  readonly asSent: string;
}

/** A concatenation that runs. */
interface Job {
  readonly id: string;
  readonly lease: Lease;
  readonly partials: readonly PartialUpload[];
  /** The partial upload whose bytes become the final upload's first ones without a copy. */
  readonly base: PartialUpload | undefined;
}

/**
 * Concatenates partial uploads into one file. The final upload adopts the bytes of the first one, the others are copied
 * behind them, and each partial upload is removed when its bytes are recorded. After a crash the next call goes on.
 */
export class Concatenations {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;
  readonly #owners: Owners;
  readonly #running = new Map<string, Promise<CompleteUpload>>();
  /** The ids of the partial uploads that are being concatenated. */
  readonly #reserved = new Set<string>();

  constructor(deps: EngineDeps, locks: Locks, owners: Owners) {
    this.#deps = deps;
    this.#locks = locks;
    this.#owners = owners;
  }

  /**
   * Makes one file of partial uploads. A request for the same partial uploads in the same order gets the same file.
   * Throws `too-large`, `disk-full`, what {@linkcode askedWithLength} and {@linkcode status} throw, `not-found` for an upload of another owner,
   * `bad-request` for one that is not partial or not whole, and `locked` while one of them is concatenated into another
   * file.
   */
  async concatenate(facts: Omit<FinalFacts, "concat">, wanted: PartialList): Promise<CompleteUpload> {
    const reserved: string[] = [];
    try {
      return await this.run(await this.#begin(facts, wanted, (id) => reserved.push(this.#reserve(id))));
    } finally {
      for (const id of reserved) this.#reserved.delete(id);
    }
  }

  /** Records the final upload, unless it was recorded before, and gives its id. */
  async #begin(
    facts: Omit<FinalFacts, "concat">,
    { ids, asSent }: PartialList,
    reserve: (id: string) => void,
  ): Promise<string> {
    const { records } = this.#deps;
    const clientId = clientIdOf(ids);
    using lease = await this.#locks.takeOver(keyOfClient({ owner: facts.owner, clientId }));
    const findBegun = async () => {
      const known = await records.findByClient(facts.owner, clientId);
      return known?.state === "gone" ? undefined : known?.id;
    };
    const begun = await findBegun();
    if (begun !== undefined) return begun;
    // Nobody can reserve, or wait for, an upload of another owner.
    for (const id of new Set(ids)) await this.#owners.check(id, facts);
    new Set(ids).forEach(reserve);
    const partials: PartialUpload[] = [];
    try {
      for (const id of ids) partials.push(checkedPartial(await status(this.#deps, this.#locks, id)));
    } catch (error) {
      // Another process may have begun the same final upload meanwhile, and removed a partial one.
      const begunMeanwhile = isAbsent(error) ? await findBegun() : undefined;
      if (begunMeanwhile === undefined) throw error;
      return begunMeanwhile;
    }
    const length = partials.reduce((sum, partial) => sum + partial.length, 0);
    const asked = await askedWithLength(this.#deps, facts, length, lease.stop);
    // Length and space are checked before the first copy: one small partial upload may be listed many times.
    const final = { ...asked, clientId, length, concat: { partials, asSent } };
    const upload = await beginUpload(this.#deps, final, roomFor(partials));
    if (await records.create(upload)) return upload.id;
    throw new UploadError("locked", "Another server process concatenates these uploads: try again in a few seconds");
  }

  /**
   * Reserves a partial upload for one concatenation: of two, each could remove what the other needs. Throws `locked`.
   */
  #reserve(id: string): string {
    if (this.#reserved.has(id)) {
      throw new UploadError("locked", `Upload "${id}" is being concatenated: try again in a few seconds`);
    }
    this.#reserved.add(id);
    return id;
  }

  /**
   * Runs a concatenation until the final upload is complete. A second call for the same one waits for the first. Throws
   * `gone` and other refusals.
   */
  run(id: string): Promise<CompleteUpload> {
    let running = this.#running.get(id);
    if (running === undefined) {
      running = this.#run(id).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
    }
    return running;
  }

  async #run(id: string): Promise<CompleteUpload> {
    using lease = await this.#locks.takeOver(id);
    const found = await load(this.#deps, id);
    if (found.state === "receiving" && found.concat !== undefined) {
      const { partials } = found.concat;
      const base = baseOf(partials);
      if (base !== undefined && found.offset === 0 && !await this.#adopt(base, found)) await load(this.#deps, id);
      // The base is removed before the file grows: only the final upload may have an entry of it.
      if (base !== undefined) await removePartial(this.#deps, this.#locks, base.id);
      return await this.#append({ id, lease, partials, base });
    }
    const opened = await open(this.#deps, id);
    if (!(opened instanceof OpenUpload)) return opened;
    await opened[Symbol.asyncDispose]();
    throw new UploadError("bad-request", "This is not a final upload");
  }

  /**
   * Adopts the base's bytes. The record comes after the link: a crash between them leaves the bytes to the partial
   * upload. False when another process has done it, or has ended the final upload: nobody holds that before it has bytes.
   */
  async #adopt(base: PartialUpload, upload: ReceivingUpload): Promise<boolean> {
    const { bytes, records } = this.#deps;
    using _lease = await this.#locks.takeOver(base.id);
    if (!await isStillWhole(this.#deps, base)) {
      if (!await this.#recordLost(upload, { isUnheld: true })) return false;
      throw partialsGone();
    }
    await bytes.adopt(base.id, upload.id);
    const after = written({ ...upload, offset: base.length }, this.#deps);
    return await records.replace(upload, after, { isUnheld: true });
  }

  async #append({ id, lease, partials, base }: Job): Promise<CompleteUpload> {
    const opened = await open(this.#deps, id, { toConcatenate: true });
    if (!(opened instanceof OpenUpload)) return opened;
    await using _opened = opened;
    if (opened.upload.offset < (base?.length ?? 0)) throw await this.#lose(opened.upload);
    try {
      let end = 0;
      for (const [index, partial] of partials.entries()) {
        const start = end;
        end += partial.length;
        if (opened.appender.length < end) await this.#copy(opened, { start, partial, base, lease });
        const isNeeded = partial.id === base?.id || isNeededAfter(partials, index);
        if (!isNeeded) await removePartial(this.#deps, this.#locks, partial.id);
      }
      // The file may be empty and new. Its own entry is flushed before the record is complete.
      await opened.appender.flush();
    } catch (error) {
      if (!(error instanceof UploadError)) await opened.rollBackToRecord();
      throw asUploadError(error, opened.upload.offset);
    }
    return await finish(this.#deps, lease, opened);
  }

  /** Copies the missing bytes of one partial upload, whose first byte is byte `start` of the file, and records them. */
  async #copy(
    opened: OpenUpload,
    { start, partial, base, lease }: { start: number; partial: PartialUpload; lease: Lease; base: Job["base"] },
  ): Promise<void> {
    const { bytes, limits, space } = this.#deps;
    const { appender } = opened;
    // The base has no file of its own any more: its bytes are the first ones of this file.
    const isOwn = partial.id === base?.id;
    using _lease = isOwn ? undefined : await this.#locks.takeOver(partial.id);
    if (!isOwn && !await isStillWhole(this.#deps, partial)) throw await this.#lose(opened.upload);
    const source = isOwn ? opened.upload.id : partial.id;
    const checkpoints = new Checkpoints(appender, {
      everyBytes: limits.checkpointBytes,
      everyMs: limits.checkpointMs,
      commit: (offset) => opened.record({ offset }),
      made: (ms) => this.#deps.meter.checkpointMade(ms),
    });
    using guarded = space.guard(appender);
    try {
      for await (const piece of bytes.readUnfinished(source, partial.length, appender.length - start)) {
        if (lease.stop.aborted) break;
        await guarded.write(piece);
        checkpoints.written();
      }
    } finally {
      await checkpoints.end();
    }
    await appender.flush();
    await opened.record({ offset: appender.length });
    if (lease.stop.aborted) throw stopped(lease.stop);
    if (appender.length < start + partial.length) throw await this.#lose(opened.upload);
  }

  /** Records that a final upload is lost, because a partial one is gone, and gives the error to throw. */
  async #lose(final: ReceivingUpload): Promise<UploadError> {
    await this.#recordLost(final);
    return partialsGone();
  }

  /** False, and nothing is changed, when another process has changed a final upload that is not held (`isUnheld`). */
  async #recordLost(final: ReceivingUpload, { isUnheld = false } = {}): Promise<boolean> {
    const { bytes, records, limits, serviceNow } = this.#deps;
    const after = gone(final, "lost", serviceNow() + limits.rememberGoneMs);
    if (!await records.replace(final, after, { isUnheld })) return false;
    await bytes.discard(final.id);
    return true;
  }
}

/** The client's id of a final upload. It has a line break, which no header can have, so no client can send it. */
function clientIdOf(ids: readonly string[]): string {
  return `\n final ${ids.join(" ")}`;
}

function partialsGone(): UploadError {
  return new UploadError("gone", "Some of the partial uploads are gone: send the file again");
}

function stopped({ reason }: AbortSignal): UploadError {
  return reason === "shutdown"
    ? new UploadError("shutdown", "The server is restarting: ask again for the same upload in a few seconds")
    : takenOver();
}
