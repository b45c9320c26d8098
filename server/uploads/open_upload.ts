import { defined } from "../defined.ts";
import { folderMoved, isAbsent, UploadError } from "../errors.ts";
import type { UnfinishedFile } from "../storage/store.ts";
import { type Agreed, isTakenOver, stillReceiving, wrongOffset } from "../model/agree.ts";
import { ensurePlaced } from "./finish.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { createFile, unlessLocked } from "./locked_file.ts";
import { noSuchUpload } from "./owners.ts";
import { checkThere } from "./presence.ts";
import { type CompleteUpload, gone, type ReceivingUpload, safeBytes, written } from "../model/upload.ts";

/**
 * Reads the record of an upload that is not over and whose file is there. Throws `not-found`, `terminated` or `gone`.
 */
export async function load(deps: EngineDeps, id: string): Promise<ReceivingUpload | CompleteUpload> {
  const upload = await loadRecorded(deps, id);
  return upload.state === "complete" ? await checkThere(deps, upload) : upload;
}

/**
 * Reads the record of an upload that is not over. A complete one's file may have been taken away. Throws as {@linkcode
 * load} does.
 */
export async function loadRecorded(
  { records, unrecorded }: EngineDeps,
  id: string,
): Promise<ReceivingUpload | CompleteUpload> {
  const upload = await records.get(id);
  if (upload === undefined) throw noSuchUpload();
  if (upload.state !== "gone" && !unrecorded.has(id)) return upload;
  const reason = upload.state === "gone" ? upload.reason : "terminated";
  const code = reason === "terminated" ? "terminated" : "gone";
  throw new UploadError(code, `This upload ${WHY_GONE[reason]}: begin a new one`);
}

const WHY_GONE = {
  terminated: "was terminated",
  expired: "has expired",
  lost: "has lost bytes on disk",
  concatenated: "has become a part of another file",
  taken: "was taken out of the server's folder",
};

/**
 * Opens an upload for its one writer, and reconciles record and file. Gives the record of a complete upload, whose file
 * is placed then and its name flushed. Throws `not-found`, `terminated`, `gone`, `locked` while another process writes
 * to it, and `final` for a final upload, unless `toConcatenate` is true. With `offset`, at which the caller's body starts,
 * another process that goes on receiving is left alone: throws `wrong-offset`, or `locked`, then.
 */
export async function open(
  deps: EngineDeps,
  id: string,
  { toConcatenate = false, offset }: { toConcatenate?: boolean; offset?: number } = {},
): Promise<OpenUpload | CompleteUpload> {
  const file = await deps.bytes.open(id, offset);
  if (file === "receiving") throw await receivingElsewhere(deps, id, offset);
  const appender = unlessLocked(file) ?? await openMissing(deps, id);
  if (!("write" in appender)) return appender;
  let opened: OpenUpload | undefined;
  try {
    // The record is read after the file is locked: no other process can change it from now on.
    const found = await load(deps, id);
    if (found.state === "complete") return await ensurePlaced(deps, found);
    if (found.concat !== undefined && !toConcatenate) throw isFinal();
    return opened = await OpenUpload.reconciled(deps, found, appender);
  } catch (error) {
    if (isAbsent(error)) await deps.bytes.discard(id);
    throw error;
  } finally {
    if (opened === undefined) await appender[Symbol.asyncDispose]();
  }
}

/**
 * Opens an upload that has no own entry: a complete one needs none, and an unfinished one without a byte gets a new
 * file.
 */
async function openMissing(deps: EngineDeps, id: string): Promise<UnfinishedFile | CompleteUpload> {
  const found = await load(deps, id);
  if (found.state === "complete") return found;
  const hasNoBytes = found.offset === 0 || isWorthless(found, deps);
  if (hasNoBytes || await deps.bytes.length(id) !== undefined) return await createFile(deps, id);
  throw await lost(deps, found, 0);
}

/** True when no byte counts: a relaxed server recorded the upload in an earlier boot (I11). */
function isWorthless({ relaxed, boot }: ReceivingUpload, deps: EngineDeps): boolean {
  return relaxed === true && boot !== deps.boot;
}

/**
 * Records that an upload has lost bytes, and gives the error to throw. On a disk that is too full for the record the
 * error is the same.
 */
async function lost(deps: EngineDeps, found: ReceivingUpload, length: number): Promise<UploadError> {
  const { records, limits, serviceNow, log } = deps;
  const { id, offset } = found;
  if (!deps.isFolderThere(0)) return folderMoved();
  log.error("Bytes of upload {id} are lost: its file has {length} of the {offset} bytes recorded", {
    id,
    length,
    offset,
  });
  try {
    await records.replace(found, gone(found, "lost", serviceNow() + limits.rememberGoneMs));
  } catch (error) {
    log.warning("Cannot record that upload {id} is gone: {error}", { id, error });
  }
  return new UploadError("gone", "This upload has lost bytes on disk: begin a new one");
}

/** The refusal of bytes for a final upload (tus 1.0.0, Concatenation). */
export function isFinal(): UploadError {
  return new UploadError("final", "This upload is made of partial uploads: nothing can be appended to it");
}

/** The refusal of a body that starts at `offset` while another process goes on receiving bytes that end elsewhere. */
async function receivingElsewhere(deps: EngineDeps, id: string, offset: number | undefined): Promise<UploadError> {
  const safe = safeBytes(await load(deps, id));
  return safe === offset ? stillReceiving(safe) : wrongOffset(safe);
}

/** An unfinished upload in the hands of its one writer (I3): its file and its record. */
export class OpenUpload implements AsyncDisposable {
  readonly appender: UnfinishedFile;
  readonly #deps: EngineDeps;
  #upload: ReceivingUpload;
  /** The highest offset that may be recorded: a commit that threw may have succeeded all the same. */
  #highestRecorded: number;

  private constructor(deps: EngineDeps, upload: ReceivingUpload, appender: UnfinishedFile) {
    this.#deps = deps;
    this.#upload = upload;
    this.#highestRecorded = upload.offset;
    this.appender = appender;
  }

  /**
   * Opens an upload with record and file reconciled. Bytes past the recorded offset are flushed and counted after a
   * crash of the server, and cut off after a crash of the machine (I11). If the file is shorter than the recorded
   * offset, bytes were lost, and the upload is over. Throws `gone` then.
   */
  static async reconciled(deps: EngineDeps, found: ReceivingUpload, appender: UnfinishedFile): Promise<OpenUpload> {
    const opened = new OpenUpload(deps, found, appender);
    const { id, offset, cutBack, boot } = found;
    if (isWorthless(found, deps)) {
      await opened.rollBack(0);
      return opened;
    }
    if (appender.length < offset) throw await lost(deps, found, appender.length);
    if (appender.length > offset) {
      const isTrusted = !cutBack && !deps.distrusted.has(id) && boot === deps.boot;
      if (isTrusted) await opened.#countRest();
      else await appender.cut(offset);
    }
    // A durable server flushes once what a relaxed one recorded: from here on I1 holds for this upload.
    if (opened.upload.relaxed && deps.durable) await opened.#countRest();
    deps.distrusted.delete(id);
    return opened;
  }

  /** Flushes and records all bytes of the file. */
  async #countRest(): Promise<void> {
    try {
      await this.appender.flush();
    } catch (error) {
      await this.rollBackToRecord();
      throw error;
    }
    const { awaitsEnd } = this.#upload;
    await this.record({ offset: this.appender.length, ...defined({ awaitsEnd }) });
  }

  /** The upload's record. */
  get upload(): ReceivingUpload {
    return this.#upload;
  }

  /**
   * Records changes of the upload, which awaits its end only if they say so. The bytes before `offset` must be flushed
   * already (I2).
   */
  async record(changes: Agreed & { readonly offset: number }): Promise<void> {
    const { cutBack: _, awaitsEnd: _before, ...upload } = this.#upload;
    await this.#replace({ ...upload, ...changes });
  }

  /** Does what `record` does, for the last time before the upload is closed. All bytes must be flushed. */
  async recordLast(changes: Agreed & { readonly offset: number }): Promise<void> {
    this.appender.closeWithRecord();
    await this.record(changes);
  }

  /**
   * Rolls the upload back to `offset`, or to the recorded offset: records that first, and then cuts the file (I10).
   */
  async rollBack(offset?: number): Promise<void> {
    const { id } = this.#upload;
    this.#deps.distrusted.add(id);
    try {
      if (offset === undefined) await this.#learnRecorded();
      await this.#replace({ ...this.#upload, offset: offset ?? this.#upload.offset, cutBack: true });
    } finally {
      // If the roll back cannot be recorded, the record may hold any offset up to this one. The file is cut here, so
      // that a restart cannot count the bytes behind it.
      await this.appender.cut(this.#highestRecorded);
    }
    this.#deps.distrusted.delete(id);
  }

  /**
   * Rolls the upload back to the recorded offset after a failed flush: the system may have dropped what was written.
   * Never throws. If the disk refuses this too, the file is cut when it is opened next.
   */
  async rollBackToRecord(): Promise<void> {
    const { id, offset } = this.#upload;
    try {
      await this.rollBack();
    } catch (error) {
      // Another process has the upload, and goes on from what is recorded.
      if (isTakenOver(error)) return;
      this.#deps.log.error("Cannot roll upload {id} back to byte {offset} after a failed flush: {error}", {
        id,
        offset,
        error,
      });
    }
  }

  /**
   * Reads the record again after a commit that threw and may have succeeded all the same: others may have read it, and told
   * the client of its offset, whose bytes are flushed.
   */
  async #learnRecorded(): Promise<void> {
    if (this.#highestRecorded === this.#upload.offset) return;
    const found = await this.#deps.records.get(this.#upload.id);
    if (found?.state !== "receiving") return;
    this.#upload = found;
    this.#highestRecorded = found.offset;
  }

  async #replace(next: ReceivingUpload): Promise<void> {
    const recorded = written(next, this.#deps);
    this.#highestRecorded = Math.max(this.#highestRecorded, recorded.offset);
    await this.#deps.records.replace(this.#upload, recorded);
    this.#highestRecorded = recorded.offset;
    this.#upload = recorded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.appender[Symbol.asyncDispose]();
  }
}
