import type { Emitter } from "../async/emitter.ts";
import type { AllTogether } from "./all_together.ts";
import { atRest, type QueueEntry } from "./queue_entry.ts";
import type { QueuedProgress, QueuedState } from "./queued_upload.ts";
import type { QueueEvents } from "./queue_options.ts";
import type { Remembering } from "./remembering.ts";

/** The things that {@linkcode EntryReporter} works with. */
export interface EntryReporterDeps {
  emitter: Emitter<QueueEvents>;
  all: AllTogether;
  remembering: Remembering;
}

/**
 * Gives the uploads of a queue their progress, and reports each change: to the listeners, to the total, and to what is
 * remembered between pages.
 */
export class EntryReporter {
  readonly #deps: EntryReporterDeps;

  constructor(deps: EntryReporterDeps) {
    this.#deps = deps;
  }

  /** Reports that an upload has this progress now. */
  show(upload: QueueEntry, progress: QueuedProgress): void {
    const before = upload.state;
    upload.progress = progress;
    this.#deps.all.count(upload);
    this.#deps.remembering.note(upload);
    this.#tell(upload, before);
  }

  /** Shows the bytes that an earlier page knew to be confirmed, unless this page knows more already. */
  learn(upload: QueueEntry, confirmed: number): void {
    if (!this.#deps.all.has(upload) || upload.hasRun || upload.progress.confirmed >= confirmed) return;
    this.show(upload, { ...upload.progress, confirmed, sent: confirmed });
  }

  /** Reports that an upload has left the queue in that state. It counts in the total no more. */
  leave(upload: QueueEntry, state: QueuedState): void {
    this.#deps.all.remove(upload);
    const before = upload.state;
    if (state !== before) upload.progress = atRest(upload, state);
    this.#tell(upload, before);
  }

  #tell(upload: QueueEntry, before: QueuedState): void {
    const { emitter, all } = this.#deps;
    if (upload.state !== before) emitter.emit("state", upload, before);
    emitter.emit("progress", upload);
    all.tell();
  }
}
