import { type ErrorCode, UploadError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isId } from "../model/id.ts";
import type { ReceivingUpload, Upload } from "../model/upload.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";

/**
 * The age from which an entry that is not named like an upload is removed. A younger one may be the probe of a process
 * that starts.
 */
const STRANGER_MS = 60_000;

/** The errors that are the client's business: it ended the upload meanwhile, or its next request gets the error. */
const CLIENTS_OWN: readonly ErrorCode[] = ["not-found", "terminated", "gone", "digest-mismatch", "not-wanted"];

/** True when nothing but finishing seems to be left to do for an unfinished upload. */
export async function looksWhole(bytes: ByteStore, { id, concat, length }: ReceivingUpload): Promise<boolean> {
  return concat !== undefined || await bytes.length(id) === length;
}

/** True for an entry in the folder of unfinished uploads that belongs to no upload. `upload` is the record of its name. */
export async function isOrphan(bytes: ByteStore, name: string, upload: Upload | undefined): Promise<boolean> {
  if (upload?.state === "receiving" || upload?.state === "complete") return false;
  return isId(name) || await bytes.ageMs(name) > STRANGER_MS;
}

/**
 * Repairs, after a start, what a crash left: finishes the uploads that have all their bytes, places the files of
 * complete ones, and removes files that belong to no upload. Any other upload is reconciled by the next request for it.
 * Runs beside the requests until it is done or `stop` aborts. Takes no lock from a request: an upload that one holds has
 * its turn when that request has let go. Never throws.
 */
export async function repair(
  { engine, bytes, records, log }: { engine: Engine; bytes: ByteStore; records: RecordStore; log: Log },
  stop: AbortSignal,
): Promise<void> {
  try {
    const held: string[] = [];
    for await (const name of bytes.unfinished()) {
      if (stop.aborted) return;
      if (!await repairOne(name)) held.push(name);
    }
    await Promise.all(held.map(repairWhenLetGo));
  } catch (error) {
    log.error("Cannot look through the unfinished uploads: {error}", { error });
  }

  /** Gives false if a request holds the upload, and something is left to do that the request may not do. */
  async function repairOne(id: string): Promise<boolean> {
    try {
      const upload = await records.get(id);
      if (upload?.state === "complete") {
        if (!await engine.finishUnlessHeld(id)) return false;
        // A crash may have left objects whose row was removed already. On a disk nothing is left by now.
        if (await bytes.length(id) === undefined) await bytes.removeEntry(id);
        return true;
      }
      if (upload?.state === "receiving") return !await looksWhole(bytes, upload) || await engine.finishUnlessHeld(id);
      if (await isOrphan(bytes, id, upload)) await engine.discardOrphan(id);
    } catch (error) {
      const isToTell = !stop.aborted && !(error instanceof UploadError && CLIENTS_OWN.includes(error.code));
      if (isToTell) log.warning("Cannot repair upload {id}: {error}", { id, error });
    }
    return true;
  }

  async function repairWhenLetGo(id: string): Promise<void> {
    do await engine.untilLetGo(id); while (!stop.aborted && !await repairOne(id));
  }
}
