import { type ErrorCode, UploadError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isId } from "../model/id.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";

/**
 * The age from which an entry that is not named like an upload is removed. A younger one may be the probe of a process
 * that starts.
 */
const STRANGER_MS = 60_000;

/** The errors that are the client's business: it ended the upload meanwhile, or its next request gets the error. */
const CLIENTS_OWN: readonly ErrorCode[] = ["not-found", "terminated", "gone", "digest-mismatch", "not-wanted"];

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
      if (upload?.state === "complete") return await engine.finishUnlessHeld(id);
      if (upload?.state === "receiving") {
        const hasAll = upload.concat !== undefined || await bytes.length(id) === upload.length;
        return !hasAll || await engine.finishUnlessHeld(id);
      }
      if (isId(id) || await bytes.ageMs(id) > STRANGER_MS) {
        await engine.discardOrphan(id);
      }
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
