import { told, UploadError } from "../errors.ts";
import { takenOver } from "../model/agree.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { beginUpload } from "./begin.ts";
import { finish } from "./finish.ts";
import { load, open, OpenUpload } from "./open_upload.ts";
import { baseOf, isNeededAfter, isStillWhole, removePartial, roomFor, wholePartial } from "./partials.ts";
import { status } from "./status.ts";
import type { EngineDeps } from "./engine_deps.ts";
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

/** The facts of a file that is concatenated of partial uploads. */
export type FinalFacts = FileFacts & { readonly concat: Concat };

/** The partial uploads that are to become one file. */
export interface Wanted {
  readonly ids: readonly string[];
  /** As the client sent it. */
  readonly asSent: string;
}

/** What is to be done to a final upload, step by step. */
interface Job {
  readonly id: string;
  readonly lease: Lease;
  readonly partials: readonly PartialUpload[];
  /** The one whose bytes become the final upload's first: none of them is copied. */
  readonly base: PartialUpload | undefined;
}

/**
 * Concatenates partial uploads into one file: the first gives its bytes, the others are appended to them, and each is
 * removed when all it is needed for is on record. A crash between any two steps leaves what the next call goes on with.
 */
export class Concatenations {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;
  readonly #running = new Map<string, Promise<CompleteUpload>>();
  /** The partial uploads that files are being made of. */
  readonly #reserved = new Set<string>();

  constructor(deps: EngineDeps, locks: Locks) {
    this.#deps = deps;
    this.#locks = locks;
  }

  /**
   * Makes one file of partial uploads; the same partials in the same order make the same file, however often they are
   * asked for. Throws `too-large`, `disk-full`, what {@linkcode status} throws, `not-found` for somebody else's,
   * `bad-request` for one that is not partial, or not whole, and `locked` while another file is made of one of them.
   */
  async concatenate(facts: Omit<FinalFacts, "concat">, wanted: Wanted): Promise<CompleteUpload> {
    const reserved: string[] = [];
    try {
      return await this.run(await this.#begin(facts, wanted, (id) => reserved.push(this.#reserve(id))));
    } finally {
      for (const id of reserved) this.#reserved.delete(id);
    }
  }

  /** Gives the id of the final upload, which is recorded now or was before. */
  async #begin(
    facts: Omit<FinalFacts, "concat">,
    { ids, asSent }: Wanted,
    reserve: (id: string) => void,
  ): Promise<string> {
    const { records } = this.#deps;
    const clientId = clientIdOf(ids);
    using _lease = await this.#locks.takeOver(keyOfClient({ owner: facts.owner, clientId }));
    const known = await records.findByClient(facts.owner, clientId);
    if (known !== undefined && known.state !== "gone") return known.id;
    new Set(ids).forEach(reserve);
    const partials: PartialUpload[] = [];
    for (const id of ids) partials.push(wholePartial(await status(this.#deps, this.#locks, id), facts.owner));
    const length = partials.reduce((sum, partial) => sum + partial.length, 0);
    // Before the first byte is copied: a few bytes can come again and again.
    const final = { ...facts, clientId, length, concat: { partials, asSent } };
    const upload = beginUpload(this.#deps, final, roomFor(partials));
    if (await records.create(upload)) return upload.id;
    throw new UploadError("locked", "Another server process concatenates these uploads: try again in a few seconds");
  }

  /** Two files of one partial upload would take it from each other, and neither would come to its end. */
  #reserve(id: string): string {
    if (this.#reserved.has(id)) {
      throw new UploadError("locked", `Upload "${id}" is being concatenated: try again in a few seconds`);
    }
    this.#reserved.add(id);
    return id;
  }

  /** Brings a final upload to its end; whoever asks while that goes on waits for the same. Throws `gone` and others. */
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
      if (base !== undefined && found.offset === 0) await this.#adopt(base, found);
      // From here on the file grows, and is the final upload's alone.
      if (base !== undefined) await removePartial(this.#deps, this.#locks, base.id);
      return await this.#append({ id, lease, partials, base });
    }
    const opened = await open(this.#deps, id);
    if (!(opened instanceof OpenUpload)) return opened;
    await opened[Symbol.asyncDispose]();
    throw new UploadError("bad-request", "This upload is not made of others");
  }

  /** The record comes second: until it is there, the bytes are the partial upload's, and nothing else may touch them. */
  async #adopt(base: PartialUpload, upload: ReceivingUpload): Promise<void> {
    const { bytes, records } = this.#deps;
    using _lease = await this.#locks.takeOver(base.id);
    if (!await isStillWhole(this.#deps, base)) throw await this.#lose(upload);
    await bytes.adopt(base.id, upload.id);
    await records.replace(upload, written({ ...upload, offset: base.length }, this.#deps));
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
      // An empty file may just have been made: it must not vanish behind the name that it gets.
      await opened.appender.sync();
    } catch (error) {
      if (!(error instanceof UploadError)) await opened.distrust();
      throw told(error, opened.upload.offset);
    }
    return await finish(this.#deps, lease, opened);
  }

  /** Appends what is missing of one partial upload, which starts at `start` in the file, and records that it is there. */
  async #copy(
    opened: OpenUpload,
    { start, partial, base, lease }: { start: number; partial: PartialUpload; lease: Lease; base: Job["base"] },
  ): Promise<void> {
    const { bytes, limits, space } = this.#deps;
    const { appender } = opened;
    // The base has no bytes of its own any more: they are the first ones of this file.
    const isOwn = partial.id === base?.id;
    using _lease = isOwn ? undefined : await this.#locks.takeOver(partial.id);
    if (!isOwn && !await isStillWhole(this.#deps, partial)) throw await this.#lose(opened.upload);
    const source = isOwn ? opened.upload.id : partial.id;
    const checkpoints = new Checkpoints(appender, {
      everyBytes: limits.checkpointBytes,
      everyMs: limits.checkpointMs,
      commit: (offset) => opened.record({ offset }),
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
    await appender.sync();
    await opened.record({ offset: appender.length });
    if (lease.stop.aborted) throw stopped(lease.stop);
    if (appender.length < start + partial.length) throw await this.#lose(opened.upload);
  }

  async #lose(final: ReceivingUpload): Promise<UploadError> {
    const { bytes, records, limits, serviceNow } = this.#deps;
    await records.replace(final, gone(final, "lost", serviceNow() + limits.rememberGoneMs));
    await bytes.discard(final.id);
    return new UploadError("gone", "Not all of the partial uploads are there any more: send the file again");
  }
}

/** No header can hold a line break: no client can mean this upload by an id of its own. */
function clientIdOf(ids: readonly string[]): string {
  return `\n final ${ids.join(" ")}`;
}

function stopped({ reason }: AbortSignal): UploadError {
  return reason === "shutdown"
    ? new UploadError("shutdown", "The server is restarting: ask again for the same upload in a few seconds")
    : takenOver();
}
