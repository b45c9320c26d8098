import { setImmediate } from "node:timers/promises";
import { UploadError } from "../errors.ts";
import { payerOf, type Scope, sees } from "../model/owner.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";
import type { ByteStore, FinishedFile, RecordStore } from "../storage/store.ts";
import { checkThere } from "./presence.ts";
import { checkGoesOn, Walks } from "./walks.ts";

/** The dependencies of {@linkcode createFinishedFiles}. */
export interface FinishedFilesDeps {
  readonly records: RecordStore;
  readonly bytes: ByteStore;
  /** Places the file of a complete upload, if it was not placed before. */
  finish(id: string): Promise<unknown>;
}

/** The record of a finished file, and the file, open for reading. */
export interface OpenedFile {
  readonly upload: CompleteUpload;
  readonly file: FinishedFile;
}

/** Opens finished files, each only if it is the one that was uploaded (I9). */
export interface FinishedFiles {
  /** Throws `not-found` for a file that is not there or not finished, and `gone` for one that was there. */
  open(id: string): Promise<OpenedFile>;
  /** Gives `undefined` for an unfinished upload. Throws what `open` throws for any other. */
  openIfFinished(id: string): Promise<OpenedFile | undefined>;
  /**
   * The finished files below a folder that are there, of those in `scope`: nothing is done about the
   * others (I17). Gives none for a path that the wall refuses (I7). Files that nobody uploaded here are not among them.
   * Other requests have their turn meanwhile. Throws `disconnected` soon after `stop` aborts, and `too-many` when too
   * many folders are asked for at a time.
   */
  below(
    folder: string,
    scope: Pick<Scope, "owner" | "seesAll">,
    stop: AbortSignal,
  ): AsyncIterable<CompleteUpload>;
}

/** How many records are looked at in one stretch. Other requests wait meanwhile, about a millisecond. */
const RECORDS_AT_A_STRETCH = 16;

export function createFinishedFiles({ records, bytes, finish }: FinishedFilesDeps): FinishedFiles {
  const walks = new Walks();

  async function recorded(id: string): Promise<CompleteUpload | ReceivingUpload> {
    const upload = await records.get(id);
    if (upload?.state === "gone") throw new UploadError("gone", "This file is gone");
    if (upload === undefined) throw new UploadError("not-found", "No such file: look at the address again");
    return upload;
  }

  async function openRecorded(upload: CompleteUpload): Promise<OpenedFile> {
    const { id } = upload;
    const file = await bytes.openFinished(upload);
    if (file !== undefined) return { upload, file };
    await checkThere({ bytes, records }, upload);
    // The upload is being finished now, or a crash came before its file was placed.
    await finish(id);
    const next = await recorded(id);
    if (next.state !== "complete") throw unfinished();
    const placed = await bytes.openFinished(next);
    if (placed !== undefined) return { upload: next, file: placed };
    await checkThere({ bytes, records }, next);
    throw new UploadError("not-found", "This file is being moved just now: try again");
  }

  async function openIfFinished(id: string): Promise<OpenedFile | undefined> {
    const upload = await recorded(id);
    return upload.state === "complete" ? await openRecorded(upload) : undefined;
  }

  /** Gives the record of a file that is there, after placing it if a crash came before that. */
  async function there(upload: CompleteUpload): Promise<CompleteUpload | undefined> {
    const whereabouts = await bytes.find(upload);
    if (whereabouts === "there") return upload;
    if (whereabouts !== "unplaced") return undefined;
    await finish(upload.id);
    const next = await records.get(upload.id);
    // Another path may lie in another folder.
    const isSame = next?.state === "complete" && next.path === upload.path;
    return isSame && await bytes.find(next) === "there" ? next : undefined;
  }

  return {
    openIfFinished,
    async *below(folder, scope, stop) {
      using _turn = await walks.begin(stop);
      let isFolder: boolean | undefined;
      let count = 0;
      // The records of others, and what is on disk, would show in the time that a refusal takes.
      for await (const upload of records.below(folder, scope.seesAll ? undefined : payerOf(scope.owner))) {
        if (++count % RECORDS_AT_A_STRETCH === 0) await setImmediate();
        checkGoesOn(stop);
        if (!sees(scope, upload.owner)) continue;
        isFolder ??= await bytes.isFolder(folder);
        if (!isFolder) return;
        const found = await there(upload);
        if (found !== undefined) yield found;
      }
    },
    async open(id) {
      const opened = await openIfFinished(id);
      if (opened === undefined) throw unfinished();
      return opened;
    },
  };
}

function unfinished(): UploadError {
  return new UploadError("not-found", "This file is not finished yet: its upload still has to go on");
}
