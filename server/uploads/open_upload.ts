import { folderMoved, isAbsent, UploadError } from "../errors.ts";
import type { UnfinishedFile } from "../storage/store.ts";
import type { Digest } from "../model/digest.ts";
import { secure } from "./finish.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { checkThere } from "./presence.ts";
import { type CompleteUpload, gone, type ReceivingUpload, written } from "../model/upload.ts";

/** Finds an upload that is there, with its file. Throws `not-found`, `terminated` or `gone`. */
export async function load(deps: EngineDeps, id: string): Promise<ReceivingUpload | CompleteUpload> {
  const upload = await loadRecorded(deps, id);
  if (upload.state === "complete") await checkThere(deps.bytes, upload);
  return upload;
}

/** The same of a finished upload whose file may have been taken away by hand. */
export async function loadRecorded(
  { records, unrecorded }: EngineDeps,
  id: string,
): Promise<ReceivingUpload | CompleteUpload> {
  const upload = await records.get(id);
  if (upload === undefined) throw new UploadError("not-found", "No such upload: begin a new one");
  if (upload.state !== "gone" && !unrecorded.has(id)) return upload;
  const reason = upload.state === "gone" ? upload.reason : "terminated";
  const code = reason === "terminated" ? "terminated" : "gone";
  throw new UploadError(code, `This upload ${WHY_GONE[reason]}: begin a new one`);
}

const WHY_GONE = {
  terminated: "was given up",
  expired: "has expired",
  lost: "has lost bytes on disk",
  concatenated: "has become a part of another one",
  taken: "was taken out of the server's folder",
};

/** Makes the file of a new upload, for its one writer. Throws `locked` while another process looks at it. */
export async function createFile({ bytes }: EngineDeps, id: string): Promise<UnfinishedFile> {
  return unlessLocked(await bytes.create(id));
}

/**
 * Opens an upload for its one writer, with record and file in step. Gives a finished upload where it is finished, with
 * its name on disk. Throws `not-found`, `terminated`, `gone`, `locked` while another process writes to it, and `final` for
 * one that is concatenated of others, unless this is to go on with that.
 */
export async function open(
  deps: EngineDeps,
  id: string,
  { toConcatenate = false } = {},
): Promise<OpenUpload | CompleteUpload> {
  const appender = unlessLocked(await deps.bytes.open(id)) ?? await openMissing(deps, id);
  if (!("write" in appender)) return appender;
  let opened: OpenUpload | undefined;
  try {
    // Only now that the file is locked does the record stand still.
    const found = await load(deps, id);
    if (found.state === "complete") return await secure(deps, found);
    if (found.concat !== undefined && !toConcatenate) throw isFinal();
    return opened = await OpenUpload.inStep(deps, found, appender);
  } catch (error) {
    if (isAbsent(error)) await deps.bytes.discard(id);
    throw error;
  } finally {
    if (opened === undefined) await appender[Symbol.asyncDispose]();
  }
}

/** A finished upload has no file among the unfinished; one that has no byte yet need not have one. */
async function openMissing(deps: EngineDeps, id: string): Promise<UnfinishedFile | CompleteUpload> {
  const found = await load(deps, id);
  if (found.state === "complete") return found;
  const isToBegin = found.offset === 0 || isWorthless(found, deps);
  if (isToBegin || await deps.bytes.length(id) !== undefined) return await createFile(deps, id);
  throw await lost(deps, found, 0);
}

/**
 * Does `work` while no other process writes to the upload's file, if it has one; `unlock` lets it go before the end, and
 * a file without a name gives its space back then. Throws `locked`.
 */
export async function whileLocked<T>(
  deps: EngineDeps,
  id: string,
  work: (unlock: () => Promise<void>) => Promise<T>,
): Promise<T> {
  let file = unlessLocked(await deps.bytes.open(id));
  const unlock = async () => {
    const locked = file;
    file = undefined;
    await locked?.[Symbol.asyncDispose]();
  };
  try {
    return await work(unlock);
  } finally {
    await unlock();
  }
}

/** True where no byte is to be trusted: it was recorded without a flush before the machine started. */
function isWorthless({ relaxed, boot }: ReceivingUpload, deps: EngineDeps): boolean {
  return relaxed === true && boot !== deps.boot;
}

/**
 * Records, if it can, that an upload has lost bytes, and gives what is to be thrown: without them it is gone, also where
 * a full disk has no space for the record.
 */
async function lost(deps: EngineDeps, found: ReceivingUpload, length: number): Promise<UploadError> {
  const { records, limits, serviceNow, log } = deps;
  const { id, offset } = found;
  if (!deps.isThere(0)) return folderMoved();
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

/** A file that is concatenated of partial uploads takes no bytes from a client (tus 1.0.0, Concatenation). */
export function isFinal(): UploadError {
  return new UploadError("final", "This upload is made of partial uploads: nothing can be appended to it");
}

function unlessLocked<T>(file: T | "locked"): T {
  if (file !== "locked") return file;
  throw new UploadError("locked", "Another server process is writing to this upload: try again in a few seconds");
}

/** An unfinished upload in the hands of its one writer: its file, and its record, which promises what is flushed. */
export class OpenUpload implements AsyncDisposable {
  readonly appender: UnfinishedFile;
  readonly #deps: EngineDeps;
  #upload: ReceivingUpload;
  /** The highest count that may be on record: a commit that has failed may have come to pass all the same. */
  #highestRecorded: number;

  private constructor(deps: EngineDeps, upload: ReceivingUpload, appender: UnfinishedFile) {
    this.#deps = deps;
    this.#upload = upload;
    this.#highestRecorded = upload.offset;
    this.appender = appender;
  }

  /**
   * The file's length is the truth: what a crash of the server left behind the recorded offset is flushed and counted;
   * what one of the machine left is not, for a file's length may reach the disk before its bytes. Is the file shorter
   * than the record promises, then bytes were lost, and the upload is gone rather than silently continued.
   */
  static async inStep(deps: EngineDeps, found: ReceivingUpload, appender: UnfinishedFile): Promise<OpenUpload> {
    const opened = new OpenUpload(deps, found, appender);
    const { id, offset, cutBack, boot } = found;
    if (isWorthless(found, deps)) {
      await opened.takeBack(0);
      return opened;
    }
    if (appender.length < offset) throw await lost(deps, found, appender.length);
    if (appender.length > offset) {
      const isTrusted = !cutBack && !deps.distrusted.has(id) && boot === deps.boot;
      if (isTrusted) await opened.#countRest();
      else await appender.cut(offset);
    }
    // From here on its counts are promises of the strict kind.
    if (opened.upload.relaxed && deps.durable) await opened.#countRest();
    deps.distrusted.delete(id);
    return opened;
  }

  async #countRest(): Promise<void> {
    try {
      await this.appender.sync();
    } catch (error) {
      await this.distrust();
      throw error;
    }
    await this.record({ offset: this.appender.length });
  }

  /** The upload as it is recorded. */
  get upload(): ReceivingUpload {
    return this.#upload;
  }

  /** Records changes of the upload; an `offset` must be flushed before. */
  async record(changes: { offset: number; length?: number; digests?: readonly Digest[] }): Promise<void> {
    const { cutBack: _, ...upload } = this.#upload;
    await this.#replace({ ...upload, ...changes });
  }

  /** Lets the upload end at `offset` again. The record first: whatever comes after, the bytes behind it do not count. */
  async takeBack(offset: number): Promise<void> {
    const { id } = this.#upload;
    this.#deps.distrusted.add(id);
    try {
      await this.#replace({ ...this.#upload, offset, cutBack: true });
    } finally {
      // Where it cannot be recorded, the file is at least cut to what is: a restart may come before the next try.
      await this.appender.cut(this.#highestRecorded);
    }
    this.#deps.distrusted.delete(id);
  }

  /**
   * After a failed flush the system may have dropped what was written: only what is recorded is sure, and the file is
   * cut back to it. Never throws: where the disk refuses that too, the file is cut when it is next opened.
   */
  async distrust(): Promise<void> {
    const { id, offset } = this.#upload;
    try {
      await this.takeBack(offset);
    } catch (error) {
      this.#deps.log.error("Cannot cut upload {id} back to byte {offset} after a failed flush: {error}", {
        id,
        offset,
        error,
      });
    }
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
