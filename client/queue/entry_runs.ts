import { report } from "../async/report.ts";
import { UploadError } from "../protocol/upload_error.ts";
import type { Progress } from "../upload/progress.ts";
import { Uploader } from "../upload/uploader.ts";
import type { AllTogether } from "./all_together.ts";
import type { Batches } from "./batches.ts";
import { BatchRuns } from "./batch_runs.ts";
import { EntryCancels } from "./entry_cancels.ts";
import type { EntryReporter } from "./entry_reporter.ts";
import { atRest, type QueueEntry } from "./queue_entry.ts";
import { isActive } from "./queued_upload.ts";
import { createBatches, type QueueSetting } from "./queue_setting.ts";
import type { Remembering } from "./remembering.ts";
import { isElsewhere, Turns } from "./turns.ts";

/** The things that {@linkcode EntryRuns} work with. */
export interface EntryRunsDeps {
  setting: QueueSetting;
  all: AllTogether;
  remembering: Remembering;
  reporter: EntryReporter;
}

/**
 * Runs the uploads of a queue when their turns come: alone, or together with others in one request. An upload runs
 * after the cancels of its file.
 */
export class EntryRuns {
  readonly #deps: EntryRunsDeps;
  readonly #turns: Turns;
  readonly #cancels: EntryCancels;
  readonly #batches: Batches;
  readonly #batchRuns: BatchRuns;

  constructor(deps: EntryRunsDeps) {
    this.#deps = deps;
    const { setting, remembering } = deps;
    const { clock, concurrency, random = Math.random } = setting;
    this.#turns = new Turns({ concurrency, clock, start: (upload) => this.#start(upload) });
    const uploaderOf = (upload: QueueEntry) => this.uploaderOf(upload);
    this.#cancels = new EntryCancels({ most: 2 * concurrency, remembering, uploaderOf, clock, random });
    this.#batches = createBatches(setting);
    this.#batchRuns = new BatchRuns({
      batches: this.#batches,
      turns: this.#turns,
      isFree: ({ fileKey }) => this.#cancels.of(fileKey) === undefined,
      hear: (upload, progress) => this.#hear(upload, progress),
      again: (upload) => this.#again(upload),
    });
  }

  /** Lists the uploads that wait for their turn or their next try, then those that run. */
  get underWay(): QueueEntry[] {
    return this.#turns.all;
  }

  /** Gives the uploader of an upload, and makes it at the first call. */
  uploaderOf(upload: QueueEntry): Uploader {
    if (upload.uploader !== undefined) return upload.uploader;
    const { file, metadata, progress: { confirmed } } = upload;
    const path = upload.path === file.name ? undefined : upload.path;
    const beforeRetry = () => this.#comeBack(upload);
    const { placedAt: location } = upload;
    const uploader = new Uploader({ ...this.#deps.setting, file, path, metadata, confirmed, location, beforeRetry });
    uploader.on("progress", (progress) => this.#hear(upload, progress));
    return upload.uploader = uploader;
  }

  /** Runs an upload when its turn comes. */
  wait(upload: QueueEntry): void {
    this.#turns.wait(upload);
  }

  /** Takes out an upload that waits or runs. Nobody waits any more for what its request brings. */
  withdraw(upload: QueueEntry): void {
    this.#batchRuns.leave(upload);
    this.#turns.withdraw(upload);
  }

  /** Has the server delete what it may have of an upload that is not done, and forgets the upload. */
  cancel(upload: QueueEntry): void {
    this.#cancels.cancel(upload);
  }

  #start(upload: QueueEntry): void {
    // A cancel of the same file that is still under way would delete the bytes of this upload.
    const cancelled = this.#cancels.of(upload.fileKey);
    if (cancelled === undefined) this.#run(upload);
    else cancelled.then(() => this.#run(upload));
  }

  #run(upload: QueueEntry): void {
    if (!this.#turns.hasBegun(upload)) return;
    // It was paused and resumed while a request with many files brings it.
    if (upload.batch !== undefined) return void upload.batch.over.then(() => this.#run(upload));
    if (this.#batchRuns.begin(upload)) return;
    this.uploaderOf(upload).upload().catch((error) => {
      // An `UploadError` is shown in the list.
      if (!(error instanceof UploadError)) report(error);
    });
  }

  /** Gives an upload another turn. */
  #again(upload: QueueEntry): void {
    this.#turns.withdraw(upload);
    this.#deps.reporter.show(upload, atRest(upload, "queued"));
    this.#turns.wait(upload);
  }

  /** Waits until an upload that has given its place up has a place again. */
  async #comeBack(upload: QueueEntry): Promise<void> {
    const turn = this.#turns.comeBack(upload);
    if (turn === undefined) return;
    this.#deps.reporter.show(upload, atRest(upload, "queued"));
    await turn;
  }

  #hear(upload: QueueEntry, progress: Progress): void {
    const { all, reporter } = this.#deps;
    // The upload has left the queue meanwhile.
    if (!all.has(upload)) return;
    // The upload was paused meanwhile. Only the count of confirmed bytes is news.
    const isMeant = this.#turns.hasBegun(upload) || progress.state === "done";
    const { confirmed } = progress;
    if (!isMeant) return reporter.show(upload, { ...upload.progress, confirmed, sent: confirmed });
    // A listener may begin the upload anew, so its turn ends before the end is reported.
    if (!isActive(progress.state)) this.#turns.withdraw(upload);
    if (progress.state === "done" || confirmed > upload.progress.confirmed) {
      this.#turns.goWell();
      this.#batches.goWell();
    }
    reporter.show(upload, progress);
    if (progress.problem?.isOwn) this.#turns.yield(upload);
    if (isElsewhere(upload)) this.#turns.fill();
  }
}
