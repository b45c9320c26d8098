import type { Emitter } from "../async/emitter.ts";
import { type Progress, ProgressReporter, type UploadState } from "./progress.ts";
import type { UploadError } from "../protocol/upload_error.ts";

/** What an {@linkcode Uploader} tells. */
export interface UploaderEvents {
  /** At every change, many times a second while bytes are on their way. */
  progress: [progress: Progress];
  /** When another state begins. */
  state: [state: UploadState, before: UploadState];
  /** When it ends with an error. */
  error: [error: UploadError];
}

/** Makes the reporter for one file, of which `emitter` tells. */
export function reporterTo(
  emitter: Emitter<UploaderEvents>,
  facts: { total: number; confirmed: number | undefined; nowSeconds: number },
): ProgressReporter {
  let state: UploadState = "ready";
  return new ProgressReporter(facts, (progress) => {
    const before = state;
    state = progress.state;
    const isNew = state !== before;
    if (isNew) emitter.emit("state", state, before);
    emitter.emit("progress", progress);
    if (isNew && progress.error !== undefined) emitter.emit("error", progress.error);
  });
}
