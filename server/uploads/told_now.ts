import { asUploadError, isAbsent, UploadError } from "../errors.ts";
import { takenOver } from "../model/agree.ts";
import { safeBytes } from "../model/upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { loadRecorded, type OpenUpload } from "./open_upload.ts";

/**
 * The error that a failed append is answered with. An append that has lost its upload to another process is refused for that,
 * whatever else has failed: the offset that it knew may be old.
 */
export async function toldNow(
  deps: EngineDeps,
  { upload, appender }: OpenUpload,
  failure: UploadError,
): Promise<UploadError> {
  // Without the database no offset is told, and another question would take as long again.
  const told = failure.code === "taken-over" || failure.code === "no-database"
    ? failure
    : await appender.verify().then(() => failure, (error) => asUploadError(error));
  return told.code === "taken-over" ? await takenElsewhere(deps, upload.id) : told;
}

/**
 * The refusal of a request that has lost its upload to another process, with the offset that is recorded by now: the other
 * one may have acknowledged more than this one knew. Without the record no offset is told. When the other process has ended
 * the upload, what this one has sent meanwhile is removed too.
 */
async function takenElsewhere(deps: EngineDeps, id: string): Promise<UploadError> {
  try {
    return takenOver(safeBytes(await loadRecorded(deps, id)));
  } catch (error) {
    if (!(error instanceof UploadError) || !isAbsent(error)) return takenOver();
    await deps.bytes.discard(id).catch((error) =>
      deps.log.warning("Cannot discard the bytes of {id}: {error}", { id, error })
    );
    return error;
  }
}
