import { type ErrorCode, UploadError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isId } from "../model/id.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { Engine } from "./engine.ts";

/** A name in `incoming/` that is no upload's is another process's probe, unless it has been there for this long. */
const STRANGER_MS = 60_000;

/** Its client has begun anew, or given it up, since it was found; or hears with its next request that its bytes are wrong. */
const CLIENTS_OWN: readonly ErrorCode[] = ["not-found", "terminated", "gone", "digest-mismatch"];

/**
 * Looks, after a start, at what a crash may have left: finishes the uploads that have all their bytes, makes sure of
 * those that were just finished, and removes files that belong to no upload. Everything else is brought in step when
 * somebody asks for it. Runs beside the requests; ends when it is through, or when `stop` aborts. Never throws.
 */
export async function repair(
  { engine, bytes, records, log }: { engine: Engine; bytes: ByteStore; records: RecordStore; log: Log },
  stop: AbortSignal,
): Promise<void> {
  try {
    for await (const name of bytes.unfinished()) {
      if (stop.aborted) return;
      await repairOne(name);
    }
  } catch (error) {
    log.error("Cannot look through the unfinished uploads: {error}", { error });
  }

  async function repairOne(id: string): Promise<void> {
    try {
      const upload = await records.get(id);
      if (upload?.state === "complete") await engine.finish(id);
      else if (upload?.state === "receiving") {
        const hasAll = upload.concat !== undefined || await bytes.length(id) === upload.length;
        if (hasAll && !engine.isHeld(id)) await engine.finish(id);
      } else if (isId(id) || await bytes.ageMs(id) > STRANGER_MS) {
        await engine.discardOrphan(id);
      }
    } catch (error) {
      if (stop.aborted || error instanceof UploadError && CLIENTS_OWN.includes(error.code)) return;
      log.warning("Cannot repair what is left of upload {id}: {error}", { id, error });
    }
  }
}
