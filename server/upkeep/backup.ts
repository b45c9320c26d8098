import { isDiskFull } from "../errors.ts";
import type { CompleteUpload, ReceivingUpload, Upload } from "../model/upload.ts";
import type { BackupFolder } from "../storage/disk/backup_folder.ts";
import type { ByteStore, RecordStore, Whereabouts } from "../storage/store.ts";

/** The dependencies of {@linkcode backUp}. */
export interface BackupDeps {
  /** The files that are backed up. A server may change them meanwhile. */
  readonly bytes: Pick<ByteStore, "find" | "length" | "openFinished" | "readUnfinished">;
  /** Their records as they are now. */
  readonly records: Pick<RecordStore, "get">;
  /** The records of the backup, as they were when it began. */
  readonly copied: Pick<RecordStore, "all" | "replace" | "forget">;
  readonly folder: BackupFolder;
  /** The path on disk of an upload's own entry, or of a finished file; `undefined` for a path that the wall refuses. */
  readonly pathOnDisk: (folder: "incoming" | "files", path: string) => string | undefined;
  /** Waits until a change that was under way is over. */
  readonly wait: () => Promise<void>;
  /** Prints a line about an upload that could not be backed up. */
  readonly tell: (line: string) => void;
}

/** The contents of a backup. */
export interface BackupTally {
  linked: number;
  copied: number;
  unfinished: number;
  unfinishedBytes: number;
  /** Finished files that were not in their places: somebody took them away. Their records are kept. */
  absent: number;
  /** Uploads that could not be read. A line was printed about each. */
  failed: number;
}

/** How often an upload is looked at anew because it changed meanwhile. */
const ATTEMPTS = 10;

/** How many finished files that are not in their places are gathered before all of them are looked at once more. */
const MAX_ABSENT = 1000;

/**
 * Copies the bytes of all uploads that the backup's records name, and makes records and bytes agree: an upload that
 * came to its end meanwhile is over in the backup too, and an unfinished one has the offset up to which its bytes were
 * copied. Takes no lock, and changes nothing of what is backed up. Memory stays flat. Throws when the backup's disk is
 * full.
 */
export async function backUp(deps: BackupDeps): Promise<BackupTally> {
  const tally: BackupTally = { linked: 0, copied: 0, unfinished: 0, unfinishedBytes: 0, absent: 0, failed: 0 };
  const absent: CompleteUpload[] = [];

  async function attempt({ id }: Upload, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isDiskFull(error)) throw error;
      tally.failed++;
      deps.tell(`Cannot back up upload ${id}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The server removes a file before its record says so (I4): a file that is away may only be on its way out. */
  async function lookAgain(): Promise<void> {
    if (absent.length === 0) return;
    await deps.wait();
    for (const upload of absent.splice(0)) {
      await attempt(upload, async () => {
        if (!await keepFinished(deps, upload, tally)) tally.absent++;
      });
    }
  }

  // A part goes when the file that it becomes part of has its bytes. So these files come last, and miss none.
  for (const isFinal of [false, true]) {
    for await (const upload of deps.copied.all()) {
      if (upload.state === "gone" || isUnfinishedFinal(upload) !== isFinal) continue;
      await attempt(upload, async () => {
        if (upload.state === "receiving") await keepUnfinished(deps, upload, tally);
        else if (!await keepFinished(deps, upload, tally)) absent.push(upload);
      });
      if (absent.length === MAX_ABSENT) await lookAgain();
    }
  }
  await lookAgain();
  return tally;
}

function isUnfinishedFinal(upload: Upload): boolean {
  return upload.state === "receiving" && upload.concat !== undefined;
}

/**
 * Keeps a finished file under the path that the backup's record has, wherever it lies now. False when its record says
 * that it is there, and it is not.
 */
async function keepFinished(deps: BackupDeps, upload: CompleteUpload, tally: BackupTally): Promise<boolean> {
  const { bytes, records, copied, folder } = deps;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const now = await records.get(upload.id);
    if (now?.state !== "complete") {
      await end(copied, upload, now);
      return true;
    }
    const whereabouts = await bytes.find(now);
    if (whereabouts === "missing" || whereabouts === "replaced") return false;
    const source = await sourceOf(deps, now, whereabouts);
    const how = source === undefined ? undefined : await folder.keepFinished(source, upload.path);
    if (how === undefined) continue;
    // Something else may have come to its place between the look and the link.
    if (await bytes.find(now) === whereabouts || whereabouts === "unplaced") {
      tally[how]++;
      return true;
    }
    await folder.dropFinished(upload.path);
  }
  throw new Error("its file changes its place again and again");
}

/** The path at which the bytes of a complete upload are; `undefined` when they have just gone on to another one. */
async function sourceOf(
  { bytes, pathOnDisk }: BackupDeps,
  { id, path, length }: CompleteUpload,
  whereabouts: Whereabouts,
): Promise<string | undefined> {
  if (whereabouts === "there") return pathOnDisk("files", path);
  return await bytes.length(id) === length ? pathOnDisk("incoming", id) : undefined;
}

/** Copies the bytes of an unfinished upload up to its recorded offset, and records this offset in the backup. */
async function keepUnfinished(deps: BackupDeps, upload: ReceivingUpload, tally: BackupTally): Promise<void> {
  const { bytes, records, copied, folder } = deps;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const now = await records.get(upload.id);
    const isTaken = now?.state === "complete" && ["missing", "replaced"].includes(await bytes.find(now));
    if (now === undefined || now.state === "gone" || isTaken) {
      await folder.dropUnfinished(upload.id);
      return await end(copied, upload, now);
    }
    const next = promised(upload, now);
    if (!await areKept(deps, now, next.offset)) continue;
    await copied.replace(upload, next);
    tally.unfinished++;
    tally.unfinishedBytes += next.offset;
    return;
  }
  // The copy may have bytes of two bodies. Without them the server ends the upload with its next request.
  await folder.dropUnfinished(upload.id);
  throw new Error("its bytes change again and again");
}

/**
 * The record of an unfinished upload in the backup. One that was finished meanwhile is as it was when the backup began,
 * because its path may have been another file's at that time. One of several parts has them all, for they may be gone.
 */
function promised(before: ReceivingUpload, now: ReceivingUpload | CompleteUpload): ReceivingUpload {
  if (now.state === "receiving") return now;
  return before.concat === undefined ? before : { ...before, offset: now.length };
}

/**
 * Writes the first `end` bytes of an upload into the backup. False when they changed meanwhile: a refused body may be
 * rolled back, and other bytes may come in its place (I10). If the record changed, the bytes are read a second time. If
 * they are the same ones again, all of them were there between the two times.
 */
async function areKept(deps: BackupDeps, now: ReceivingUpload | CompleteUpload, end: number): Promise<boolean> {
  const { records, folder } = deps;
  const { id } = now;
  if (end === 0) {
    await folder.dropUnfinished(id);
    return true;
  }
  try {
    const bytes = await openBytes(deps, now, end);
    if (bytes === undefined) return false;
    const length = await folder.writeUnfinished(id, bytes);
    const then = await records.get(id);
    if (then === undefined || then.state === "gone") return false;
    if (isUnchanged(now, then)) {
      if (length < end) throw new Error(`its file has ${length} of the ${end} bytes that are recorded`);
      return true;
    }
    if (then.state === "receiving" && then.offset < end) return false;
    const again = await openBytes(deps, then, end);
    return length === end && again !== undefined && await folder.hasUnfinished(id, again);
  } catch (error) {
    // The upload was finished or removed just now.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function openBytes(
  { bytes }: BackupDeps,
  upload: ReceivingUpload | CompleteUpload,
  end: number,
): Promise<ReadableStream<Uint8Array> | undefined> {
  if (upload.state === "receiving") return bytes.readUnfinished(upload.id, end);
  const file = await bytes.openFinished(upload);
  if (file !== undefined) return file.read({ start: 0, end });
  return await bytes.length(upload.id) === undefined ? undefined : bytes.readUnfinished(upload.id, end);
}

/** True when nothing was appended or rolled back between two looks at a record. */
function isUnchanged(one: ReceivingUpload | CompleteUpload, other: ReceivingUpload | CompleteUpload): boolean {
  if (one.state === "complete" || other.state === "complete") return one.state === other.state;
  return one.offset === other.offset && one.lastByteAt === other.lastByteAt && one.cutBack === other.cutBack;
}

/** Records in the backup that an upload is over. */
async function end(copied: BackupDeps["copied"], before: Upload, now: Upload | undefined): Promise<void> {
  if (now?.state === "gone") await copied.replace(before, now);
  else await copied.forget(before);
}
