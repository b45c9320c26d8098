import { AllTogether } from "./all_together.ts";
import { AlikeFiles } from "./alike_files.ts";
import { EntryReporter } from "./entry_reporter.ts";
import { EntryRuns } from "./entry_runs.ts";
import { Emitter } from "../async/emitter.ts";
import { fileKey } from "../memory/keys.ts";
import { refusalOf } from "./limits.ts";
import { atRest, type EntryControls, QueueEntry } from "./queue_entry.ts";
import type { QueuedState, QueuedUpload } from "./queued_upload.ts";
import { type Metadata, metadataHeader } from "../protocol/metadata.ts";
import { namedFile } from "../upload/named_file.ts";
import { type QueueSetting, settingOf } from "./queue_setting.ts";
import type { AboutFile, QueueEvents, QueueOptions } from "./queue_options.ts";
import type { Total } from "./total.ts";
import { Remembering } from "./remembering.ts";
import { isLarge } from "./turns.ts";

/**
 * Uploads many files, a few at a time, in the order in which they were added.
 *
 * @example
 * ```ts
 * import { UploadQueue } from "@pawl/client";
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
  /** How many uploads have been in the queue. */
  #created = 0;
  readonly #controls: EntryControls = {
    pause: (upload) => this.#pause(upload),
    resume: (upload) => this.#resume(upload),
    cancel: (upload) => this.#cancel(upload),
    dismiss: (upload) => this.#dismiss(upload),
    delete: (upload) => this.#runs.uploaderOf(upload).delete(),
  };
  readonly #alike = new AlikeFiles();
  readonly #reporter: EntryReporter;
  readonly #runs: EntryRuns;

  /** Throws a `RangeError` when `concurrency` is less than 1, or `metadata` cannot be sent. */
  constructor(options: QueueOptions = {}) {
    metadataHeader(options.metadata);
    this.#setting = settingOf(options);
    const { clock, endpoint: url, locks, store } = this.#setting;
    this.#remembering = new Remembering({
      store,
      url,
      locks,
      onKnown: (upload, confirmed) => this.#reporter.learn(upload, confirmed),
    });
    this.#all = new AllTogether(this.#emitter, clock);
    const shared = { all: this.#all, remembering: this.#remembering };
    this.#reporter = new EntryReporter({ ...shared, emitter: this.#emitter });
    this.#runs = new EntryRuns({ ...shared, setting: this.#setting, reporter: this.#reporter });
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
    const facts = { ...about, metadata, size, path, fileKey: key };
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
    about: AboutFile & { metadata: Metadata; fileKey: string; size: number; path: string },
  ): QueueEntry {
    const refusal = refusalOf(file, this.#setting, this.#all.taken) ??
      this.#setting.limits?.take(about.size, about.confirmed, about.path);
    const { endpoint } = this.#setting;
    const upload = new QueueEntry(file, { ...about, key: String(++this.#created), endpoint, controls: this.#controls });
    this.#uploads.add(upload);
    this.#alike.add(upload);
    this.#all.count(upload);
    if (refusal === undefined && !about.isPaused) this.#runs.wait(upload);
    this.#emitter.emit("list");
    if (refusal !== undefined) this.#reporter.show(upload, { ...atRest(upload, "failed"), error: refusal });
    else if (isLarge(upload)) this.#remembering.add(upload, () => this.#runs.uploaderOf(upload).id());
    return upload;
  }

  #pause(upload: QueueEntry): void {
    if (!this.#all.has(upload) || !upload.isActive) return;
    upload.uploader?.pause();
    this.#runs.withdraw(upload);
    this.#reporter.show(upload, atRest(upload, "paused"));
  }

  #resume(upload: QueueEntry): void {
    if (!this.#all.has(upload)) return;
    if (upload.state === "waiting") upload.uploader?.retryNow();
    if (!upload.isAtRest) return;
    // A file over the limits of the queue fails again, unless others have made room.
    if (upload.state === "failed" && refusalOf(upload.file, this.#setting, this.#all.taken) !== undefined) return;
    if (isLarge(upload) && this.#remembering.hasGone(upload)) {
      this.#remembering.add(upload, () => this.#runs.uploaderOf(upload).id());
    }
    this.#runs.wait(upload);
    this.#reporter.show(upload, atRest(upload, "queued"));
  }

  #cancel(upload: QueueEntry): void {
    if (!this.#all.has(upload) || upload.state === "done") return;
    this.#runs.cancel(upload);
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
    for (const upload of this.#runs.underWay) this.#pause(upload);
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
      if (upload.fileKey === key) upload.dismiss();
      else upload.cancel();
    }
  }

  #end(upload: QueueEntry, state: QueuedState): void {
    this.#runs.withdraw(upload);
    this.#uploads.delete(upload);
    this.#alike.remove(upload);
    this.#reporter.leave(upload, state);
    this.#emitter.emit("list");
  }
}
