import { AllTogether } from "./all_together.ts";
import { AlikeFiles } from "./alike_files.ts";
import type { Batches } from "./batches.ts";
import { BatchRuns } from "./batch_runs.ts";
import { EntryCancels } from "./entry_cancels.ts";
import { Emitter } from "../async/emitter.ts";
import { fileKey } from "../memory/keys.ts";
import type { Progress } from "../upload/progress.ts";
import { refusalOf } from "./limits.ts";
import { atRest, type EntryControls, QueueEntry } from "./queue_entry.ts";
import { isActive, type QueuedProgress, type QueuedState, type QueuedUpload } from "./queued_upload.ts";
import { type Metadata, metadataHeader } from "../protocol/metadata.ts";
import { namedFile } from "../upload/named_file.ts";
import { createBatches, type QueueSetting, settingOf } from "./queue_setting.ts";
import type { AboutFile, QueueEvents, QueueOptions } from "./queue_options.ts";
import type { Total } from "./total.ts";
import { Remembering } from "./remembering.ts";
import { isElsewhere, isLarge, Turns } from "./turns.ts";
import { Uploader } from "../upload/uploader.ts";
import { UploadError } from "../protocol/upload_error.ts";

/**
 * Uploads many files, a few at a time, in the order in which they were added.
 *
 * @example
 * ```ts
 * import { UploadQueue } from "./upload_queue.ts";
 *
 * export async function uploadAll(files: Iterable<File>): Promise<number> {
 *   const queue = new UploadQueue({ concurrency: 3, maxSize: 2e9, accept: "image/*,.pdf" });
 *   for (const file of files) queue.add(file, { path: file.webkitRelativePath || file.name });
 *   await queue.idle;
 *   return queue.total.in.done;
 * }
 * ```
 */
export class UploadQueue {
  readonly #setting: QueueSetting;
  readonly #remembering: Remembering;
  readonly #emitter = new Emitter<QueueEvents>();
  readonly #all: AllTogether;
  readonly #uploads = new Set<QueueEntry>();
  readonly #controls: EntryControls = {
    pause: (upload) => this.#pause(upload),
    resume: (upload) => this.#resume(upload),
    cancel: (upload) => this.#cancel(upload),
    dismiss: (upload) => this.#dismiss(upload),
    delete: (upload) => this.#uploaderOf(upload).delete(),
  };
  readonly #alike = new AlikeFiles();
  readonly #turns: Turns;
  readonly #cancels: EntryCancels;
  readonly #batches: Batches;
  readonly #batchRuns: BatchRuns;

  /** Throws a `RangeError` when `concurrency` is less than 1, or `metadata` cannot be sent. */
  constructor(options: QueueOptions = {}) {
    metadataHeader(options.metadata);
    this.#setting = settingOf(options);
    const { clock, concurrency, endpoint: url, locks, store } = this.#setting;
    this.#turns = new Turns({ concurrency, clock, start: (upload) => this.#start(upload) });
    this.#remembering = new Remembering({
      store,
      url,
      locks,
      onKnown: (upload, confirmed) => this.#learn(upload, confirmed),
    });
    const uploaderOf = (upload: QueueEntry) => this.#uploaderOf(upload);
    this.#cancels = new EntryCancels({ most: 2 * concurrency, remembering: this.#remembering, uploaderOf });
    this.#all = new AllTogether(this.#emitter, clock);
    this.#batches = createBatches(this.#setting);
    this.#batchRuns = new BatchRuns({
      batches: this.#batches,
      turns: this.#turns,
      isFree: ({ key }) => this.#cancels.of(key) === undefined,
      hear: (upload, progress) => this.#hear(upload, progress),
      again: (upload) => this.#again(upload),
    });
  }

  /** The uploads, in the order in which they were added. */
  get uploads(): QueuedUpload[] {
    return [...this.#uploads];
  }

  /** The total of all uploads. */
  get total(): Total {
    return this.#all.total;
  }

  /** Resolves when each upload has ended or is paused; at once when that is so now. */
  get idle(): Promise<void> {
    return this.#all.idle;
  }

  /** True when something on the way to the server holds requests back until they are whole. */
  get isBuffered(): boolean {
    return this.#setting.sizes.buffers;
  }

  /** Calls `listener` at each event of that name. The returned function ends this. */
  on<Name extends keyof QueueEvents>(name: Name, listener: (...details: QueueEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  /**
   * Adds a file, or a `Blob` with a name. A file over the queue's limits fails at once, and its error says why; nothing
   * is thrown. A file that is in the queue already stays where it is, and goes on if it stood still. If the new file
   * has other bytes under the same path, size and time, as samples show, it is soon added beside the first. Throws a
   * `RangeError` for metadata that cannot be sent.
   */
  add(source: Blob, about: AboutFile = {}): QueuedUpload {
    const file = namedFile(source, about.name);
    // Reading one of these can make a browser look on the disk.
    const { name, size, lastModified } = file;
    const { path = name } = about;
    const metadata = { ...this.#setting.metadata, ...about.metadata };
    metadataHeader(metadata);
    const key = fileKey({ name, size, lastModified, path });
    this.#dismissChanged(path, key);
    const facts = { ...about, metadata, size, path, key };
    const known = this.#alike.like(key, file);
    if (known === undefined) return this.#create(file, facts);
    known.resume();
    if (known.file !== file) {
      this.#alike.compare(key, file, (same) => {
        if (same !== undefined) same.resume();
        else this.#create(file, { ...facts, confirmed: undefined });
      });
    }
    return known;
  }

  /**
   * Puts the file of an unfinished upload in its place again, under another path or with other metadata. The server
   * cannot change what it knows of an unfinished upload, so it deletes what it has, and the file is sent from its first
   * byte. A paused upload stays paused. Throws a `RangeError` for metadata that cannot be sent.
   */
  replace(before: QueuedUpload, about: Pick<AboutFile, "path" | "metadata" | "isPaused">): QueuedUpload {
    const { file, handle, state } = before;
    metadataHeader({ ...this.#setting.metadata, ...about.metadata });
    const behind = [...this.#uploads];
    behind.splice(0, behind.findIndex((upload) => upload === before) + 1);
    before.cancel();
    const after = this.add(file, { isPaused: state === "paused", ...about, handle });
    // A set has its members in the order in which they came.
    for (const upload of behind) if (this.#uploads.delete(upload)) this.#uploads.add(upload);
    this.#emitter.emit("list");
    return after;
  }

  #create(
    file: File,
    about: AboutFile & { metadata: Metadata; key: string; size: number; path: string },
  ): QueueEntry {
    const refusal = refusalOf(file, this.#setting, this.#all.taken) ??
      this.#setting.limits?.take(about.size, about.confirmed, about.path);
    const upload = new QueueEntry(file, { ...about, controls: this.#controls });
    this.#uploads.add(upload);
    this.#alike.add(upload);
    this.#all.count(upload);
    if (refusal === undefined && !about.isPaused) this.#turns.wait(upload);
    this.#emitter.emit("list");
    if (refusal !== undefined) this.#show(upload, { ...atRest(upload, "failed"), error: refusal });
    else if (isLarge(upload)) this.#remembering.add(upload, () => this.#uploaderOf(upload).id());
    return upload;
  }

  #pause(upload: QueueEntry): void {
    if (!this.#all.has(upload) || !upload.isActive) return;
    upload.uploader?.pause();
    this.#batchRuns.leave(upload);
    this.#turns.withdraw(upload);
    this.#show(upload, atRest(upload, "paused"));
  }

  #resume(upload: QueueEntry): void {
    if (!this.#all.has(upload)) return;
    if (upload.state === "waiting") upload.uploader?.retryNow();
    if (!upload.isAtRest) return;
    // A file over the limits of the queue fails again, unless others have made room.
    if (upload.state === "failed" && refusalOf(upload.file, this.#setting, this.#all.taken) !== undefined) return;
    if (isLarge(upload) && this.#remembering.hasGone(upload)) {
      this.#remembering.add(upload, () => this.#uploaderOf(upload).id());
    }
    this.#turns.wait(upload);
    this.#show(upload, atRest(upload, "queued"));
  }

  #cancel(upload: QueueEntry): void {
    if (!this.#all.has(upload) || upload.state === "done") return;
    this.#cancels.cancel(upload);
    this.#end(upload, "cancelled");
  }

  #dismiss(upload: QueueEntry): void {
    if (!this.#all.has(upload)) return;
    upload.uploader?.stop();
    const hasNothing = upload.progress.confirmed === 0 && this.#remembering.isNew(upload);
    if (upload.state === "failed" && hasNothing) this.#remembering.forget(upload);
    else this.#remembering.release(upload);
    this.#end(upload, upload.isActive || upload.state === "paused" ? "stopped" : upload.state);
  }

  /** Pauses all uploads that run or wait for their turn. */
  pauseAll(): void {
    // Uploads that wait are paused first, or they would take the places of the running ones.
    for (const upload of this.#turns.all) this.#pause(upload);
  }

  /** Resumes all paused uploads. */
  resumeAll(): void {
    for (const upload of [...this.#uploads]) if (upload.state === "paused") this.#resume(upload);
  }

  /** Cancels all uploads that are not finished. */
  cancelAll(): void {
    for (const upload of [...this.#uploads].reverse()) this.#cancel(upload);
  }

  /** Tries all failed uploads again that another try may finish. */
  retryFailed(): void {
    for (const upload of [...this.#uploads]) if (upload.canRetry) this.#resume(upload);
  }

  /** Takes all finished uploads out of the queue. */
  dismissDone(): void {
    for (const upload of [...this.#uploads]) if (upload.state === "done") this.#dismiss(upload);
  }

  /** Takes out uploads that failed because this file had changed: the changed file is a new one. */
  #dismissChanged(path: string, key: string): void {
    if (this.#all.total.in.failed === 0) return;
    for (const upload of [...this.#uploads]) {
      if (upload.path !== path || upload.progress.error?.code !== "file-changed") continue;
      if (upload.key === key) upload.dismiss();
      else upload.cancel();
    }
  }

  #end(upload: QueueEntry, state: QueuedState): void {
    this.#batchRuns.leave(upload);
    this.#turns.withdraw(upload);
    this.#uploads.delete(upload);
    this.#alike.remove(upload);
    this.#all.remove(upload);
    const before = upload.state;
    if (state !== before) upload.progress = atRest(upload, state);
    this.#tell(upload, before);
    this.#emitter.emit("list");
  }

  #start(upload: QueueEntry): void {
    // A cancel of the same file that is still under way would delete the bytes of this upload.
    const cancelled = this.#cancels.of(upload.key);
    if (cancelled === undefined) this.#run(upload);
    else cancelled.then(() => this.#run(upload));
  }

  #run(upload: QueueEntry): void {
    if (!this.#turns.hasBegun(upload)) return;
    // It was paused and resumed while a request with many files brings it.
    if (upload.batch !== undefined) return void upload.batch.over.then(() => this.#run(upload));
    if (this.#batchRuns.begin(upload)) return;
    this.#uploaderOf(upload).upload().catch((error) => {
      // An `UploadError` is shown in the list.
      if (!(error instanceof UploadError)) reportError(error);
    });
  }

  #uploaderOf(upload: QueueEntry): Uploader {
    if (upload.uploader !== undefined) return upload.uploader;
    const { file, metadata, progress: { confirmed } } = upload;
    const path = upload.path === file.name ? undefined : upload.path;
    const beforeRetry = () => this.#comeBack(upload);
    const { placedAt: location } = upload;
    const uploader = new Uploader({ ...this.#setting, file, path, metadata, confirmed, location, beforeRetry });
    uploader.on("progress", (progress) => this.#hear(upload, progress));
    return upload.uploader = uploader;
  }

  /** Gives an upload another turn. */
  #again(upload: QueueEntry): void {
    this.#turns.withdraw(upload);
    this.#show(upload, atRest(upload, "queued"));
    this.#turns.wait(upload);
  }

  /** Waits until an upload that has given its place up has a place again. */
  async #comeBack(upload: QueueEntry): Promise<void> {
    const turn = this.#turns.comeBack(upload);
    if (turn === undefined) return;
    this.#show(upload, atRest(upload, "queued"));
    await turn;
  }

  #hear(upload: QueueEntry, progress: Progress): void {
    // The upload has left the queue meanwhile.
    if (!this.#all.has(upload)) return;
    // The upload was paused meanwhile. Only the count of confirmed bytes is news.
    const isMeant = this.#turns.hasBegun(upload) || progress.state === "done";
    const { confirmed } = progress;
    if (!isMeant) return this.#show(upload, { ...upload.progress, confirmed, sent: confirmed });
    // A listener may begin the upload anew, so its turn ends before the end is reported.
    if (!isActive(progress.state)) this.#turns.withdraw(upload);
    if (progress.state === "done" || confirmed > upload.progress.confirmed) {
      this.#turns.goWell();
      this.#batches.goWell();
    }
    this.#show(upload, progress);
    if (progress.problem?.isOwn) this.#turns.yield(upload);
    if (isElsewhere(upload)) this.#turns.fill();
  }

  #show(upload: QueueEntry, progress: QueuedProgress): void {
    const before = upload.state;
    upload.progress = progress;
    this.#all.count(upload);
    this.#remembering.note(upload);
    this.#tell(upload, before);
  }

  /** Shows the bytes that an earlier page knew to be confirmed, unless this page knows more already. */
  #learn(upload: QueueEntry, confirmed: number): void {
    if (!this.#all.has(upload) || upload.hasRun || upload.progress.confirmed >= confirmed) return;
    this.#show(upload, { ...upload.progress, confirmed, sent: confirmed });
  }

  #tell(upload: QueueEntry, before: QueuedState): void {
    if (upload.state !== before) this.#emitter.emit("state", upload, before);
    this.#emitter.emit("progress", upload);
    this.#all.tell();
  }
}
