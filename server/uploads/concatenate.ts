import { UploadError } from "../errors.ts";
import { beginUpload } from "./begin.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { diskTrouble } from "./disk_trouble.ts";
import { appear } from "./finish.ts";
import { load, open, OpenUpload } from "./open_upload.ts";
import { baseOf, giveUpPartial, isNeededAfter, isStillWhole, roomFor, wholePartial } from "./partials.ts";
import type { Parts } from "./parts.ts";
import type { Lease, Writers } from "./locks.ts";
import { Turns } from "./turns.ts";
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
  status(id: string): Promise<ReceivingUpload | CompleteUpload>;
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
 * given up when all it is needed for is on record. A crash between any two steps leaves what the next call goes on with.
 */
export class Concatenations {
  readonly #parts: Parts;
  readonly #writers: Writers;
  readonly #turns = new Turns();
  readonly #running = new Map<string, Promise<CompleteUpload>>();
  /** The partial uploads that files are being made of. */
  readonly #reserved = new Set<string>();

  constructor(parts: Parts, writers: Writers) {
    this.#parts = parts;
    this.#writers = writers;
  }

  /** True while the upload is being concatenated. */
  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  /**
   * Makes one file of partial uploads, of which `status` tells how far they are; the same partials in the same order make
   * the same file, however often they are asked for. Throws `too-large`, `disk-full`, what `status` throws, `not-found`
   * for somebody else's, `bad-request` for one that is not partial, or not whole, and `locked` while another file is made
   * of one of them.
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
    { ids, asSent, status }: Wanted,
    reserve: (id: string) => void,
  ): Promise<string> {
    const { records } = this.#parts;
    const clientId = clientIdOf(ids);
    using _turn = await this.#turns.enter(JSON.stringify([facts.owner, clientId]));
    const known = await records.findByClient(facts.owner, clientId);
    if (known !== undefined && known.state !== "gone") return known.id;
    new Set(ids).forEach(reserve);
    const partials: PartialUpload[] = [];
    for (const id of ids) partials.push(wholePartial(await status(id), facts.owner));
    const length = partials.reduce((sum, partial) => sum + partial.length, 0);
    // Before the first byte is copied: a few bytes can come again and again.
    const final = { ...facts, clientId, length, concat: { partials, asSent } };
    const upload = beginUpload(this.#parts, final, roomFor(partials));
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
    using lease = await this.#writers.takeOver(id);
    const found = await load(this.#parts, id);
    if (found.state === "receiving" && found.concat !== undefined) {
      const { partials } = found.concat;
      const base = baseOf(partials);
      if (base !== undefined && found.offset === 0) await this.#adopt(base, found);
      // From here on the file grows, and is the final upload's alone.
      if (base !== undefined) await giveUpPartial(this.#parts, this.#writers, base.id);
      return await this.#append({ id, lease, partials, base });
    }
    const opened = await open(this.#parts, id);
    if (!(opened instanceof OpenUpload)) return opened;
    await opened[Symbol.asyncDispose]();
    throw new UploadError("bad-request", "This upload is not made of others");
  }

  /** The record comes second: until it is there, the bytes are the partial upload's, and nothing else may touch them. */
  async #adopt(base: PartialUpload, upload: ReceivingUpload): Promise<void> {
    const { bytes, records } = this.#parts;
    using _lease = await this.#writers.takeOver(base.id);
    if (!await isStillWhole(this.#parts, base)) throw await this.#lose(upload);
    await bytes.adopt(base.id, upload.id);
    await records.replace(upload, written({ ...upload, offset: base.length }, this.#parts));
  }

  async #append({ id, lease, partials, base }: Job): Promise<CompleteUpload> {
    const opened = await open(this.#parts, id, { toConcatenate: true });
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
        if (!isNeeded) await giveUpPartial(this.#parts, this.#writers, partial.id);
      }
      // An empty file may just have been made: it must not vanish behind the name that it gets.
      await opened.appender.sync();
    } catch (error) {
      if (!(error instanceof UploadError)) await opened.distrust();
      throw diskTrouble(opened.upload.offset, error);
    }
    return await appear(this.#parts, lease, opened);
  }

  /** Appends what is missing of one partial upload, which starts at `start` in the file, and records that it is there. */
  async #copy(
    opened: OpenUpload,
    { start, partial, base, lease }: { start: number; partial: PartialUpload; lease: Lease; base: Job["base"] },
  ): Promise<void> {
    const { bytes, limits, space } = this.#parts;
    const { appender } = opened;
    // The base has no bytes of its own any more: they are the first ones of this file.
    const isOwn = partial.id === base?.id;
    using _lease = isOwn ? undefined : await this.#writers.takeOver(partial.id);
    if (!isOwn && !await isStillWhole(this.#parts, partial)) throw await this.#lose(opened.upload);
    const source = isOwn ? opened.upload.id : partial.id;
    const checkpoints = new Checkpoints(appender, {
      everyBytes: limits.checkpointBytes,
      everyMs: limits.checkpointMs,
      commit: (offset) => opened.checkpoint({ offset }),
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
    const { bytes, records, limits, serviceNow } = this.#parts;
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
    : new UploadError("taken-over", "Another request has taken this upload over: ask how far it is");
}
