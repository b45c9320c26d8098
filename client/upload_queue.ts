import { Cancels } from "./cancels.ts";
import { systemClock } from "./clock.ts";
import { Emitter } from "./emitter.ts";
import { Memory } from "./memory.ts";
import type { Progress } from "./progress.ts";
import { atRest, isActive, type QueuedState, QueuedUpload } from "./queued_upload.ts";
import { type Total, TotalCounter } from "./queue_total.ts";
import { Remembering } from "./remembering.ts";
import { rememberedSizes, type RequestSizes } from "./request_sizes.ts";
import { createSha256 } from "./sha256.ts";
import { isElsewhere, isLarge, Turns } from "./turns.ts";
import { Uploader, UploadError } from "./uploader.ts";
import type { UploaderOptions } from "./uploader_options.ts";

export type { Total } from "./queue_total.ts";
export { type QueuedState, QueuedUpload } from "./queued_upload.ts";

/** How a queue uploads. Everything has a default. */
export interface QueueOptions extends Omit<UploaderOptions, "file" | "id" | "path" | "onProgress"> {
  /**
   * How many large files are sent at a time. Default 3. Of files of up to 1 MiB, which need one request each, there are
   * twice as many: browsers open six connections to an HTTP/1.1 server.
   */
  concurrency?: number;
}

/** What is known of a file beside its bytes. */
export interface AboutFile {
  /** Its path inside the folder that is uploaded, with `/`. */
  path?: string | undefined;
  handle?: FileSystemFileHandle | undefined;
}

/** What an {@linkcode UploadQueue} tells. */
export interface QueueEvents {
  /** Uploads came or went. */
  list: [];
  /** One changed: its state, or how far it is. */
  progress: [upload: QueuedUpload];
  /** One got another state. */
  state: [upload: QueuedUpload, before: QueuedUpload["state"]];
}

const RESUMABLE: ReadonlySet<QueuedState> = new Set(["paused", "stopped", "failed"]);

/**
 * Uploads many files, a few at a time, in the order in which they were added.
 *
 * @example
 * ```ts
 * const queue = new UploadQueue();
 * queue.on("progress", ({ path, progress }) => show(path, progress.confirmed / progress.total));
 * for (const file of input.files) queue.add(file);
 * ```
 */
export class UploadQueue {
  readonly #options: QueueOptions;
  readonly #memory: Memory;
  readonly #sizes: RequestSizes;
  readonly #remembering: Remembering;
  readonly #emitter = new Emitter<QueueEvents>();
  readonly #counter: TotalCounter;
  /** By what makes a file the same file. */
  readonly #uploads = new Map<string, QueuedUpload>();
  readonly #turns: Turns;
  readonly #cancels: Cancels;

  constructor(options: QueueOptions = {}) {
    this.#memory = options.memory ?? new Memory();
    this.#sizes = options.sizes ?? rememberedSizes(this.#memory, options);
    const { sha256 = createSha256(), clock = systemClock, concurrency = 3 } = options;
    if (!(concurrency >= 1)) throw new RangeError(`Cannot send ${concurrency} files at a time: give 1 or more`);
    this.#turns = new Turns(concurrency, (upload) => this.#start(upload));
    this.#cancels = new Cancels(2 * concurrency);
    this.#options = { ...options, memory: this.#memory, sizes: this.#sizes, sha256, clock };
    this.#remembering = new Remembering(this.#memory, options.url ?? "");
    this.#counter = new TotalCounter(clock.now());
  }

  /** All uploads, in the order in which they were added. */
  get uploads(): QueuedUpload[] {
    return [...this.#uploads.values()];
  }

  get total(): Total {
    return this.#counter.total;
  }

  /** Whether something on the way to the server holds requests back until they are whole. */
  get isBuffered(): boolean {
    return this.#sizes.buffers;
  }

  /** Calls `listener` at each event of that name, until the function that comes back is called. */
  on<Name extends keyof QueueEvents>(name: Name, listener: (...details: QueueEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Adds a file. One that is in the queue already stays where it is, and goes on if it was paused or has failed. */
  add(file: File, { path = file.name, handle }: AboutFile = {}): QueuedUpload {
    // A browser may look on the disk each time that it is asked for one of these.
    const { size, lastModified } = file;
    const key = `${size} ${lastModified} ${path}`;
    this.#removeChanged(path, key);
    const known = this.#uploads.get(key);
    if (known !== undefined) {
      known.resume();
      return known;
    }
    const upload = new QueuedUpload(file, { key, size, path, handle, controls: this });
    this.#uploads.set(key, upload);
    this.#counter.count(upload, this.#now());
    this.#turns.wait(upload);
    this.#emitter.emit("list");
    if (isLarge(upload)) this.#remembering.add(upload, () => this.#uploaderOf(upload).id());
    return upload;
  }

  pause(upload: QueuedUpload): void {
    if (!this.#counter.has(upload) || !upload.isActive) return;
    upload.uploader?.pause();
    this.#turns.leave(upload);
    this.#show(upload, atRest(upload, "paused"));
  }

  resume(upload: QueuedUpload): void {
    if (!this.#counter.has(upload) || !RESUMABLE.has(upload.state)) return;
    this.#turns.wait(upload);
    this.#show(upload, atRest(upload, "queued"));
  }

  cancel(upload: QueuedUpload): void {
    if (!this.#counter.has(upload) || upload.state === "done") return;
    const { uploader } = upload;
    if (uploader !== undefined) this.#cancels.add(upload.key, uploader);
    // What another tab uploads is unfinished all the same.
    if (isElsewhere(upload)) this.#remembering.leave(upload);
    else this.#remembering.forget(upload);
    this.#end(upload, "cancelled");
  }

  remove(upload: QueuedUpload): void {
    if (!this.#counter.has(upload)) return;
    upload.uploader?.stop();
    this.#remembering.leave(upload);
    this.#end(upload, upload.isActive || upload.state === "paused" ? "stopped" : upload.state);
  }

  /** Pauses all that run or wait for their turn. */
  pauseAll(): void {
    // Those that wait come first, or they would take the places of those that run.
    for (const upload of this.#turns.all) this.pause(upload);
  }

  /** Resumes all that are paused. */
  resumeAll(): void {
    for (const upload of this.uploads) if (upload.state === "paused") this.resume(upload);
  }

  /** Cancels all that are not finished. */
  cancelAll(): void {
    for (const upload of this.uploads.reverse()) this.cancel(upload);
  }

  /** Tries again all that have failed in a way that another try may mend. */
  retryFailed(): void {
    for (const upload of this.uploads) if (upload.canRetry) this.resume(upload);
  }

  /** Takes all that are finished out of the queue. */
  removeDone(): void {
    for (const upload of this.uploads) if (upload.state === "done") this.remove(upload);
  }

  /** What has failed because the file changed makes room for the file as it is now, which is another one. */
  #removeChanged(path: string, key: string): void {
    if (this.#counter.total.in.failed === 0) return;
    for (const upload of this.uploads) {
      if (upload.path !== path || upload.progress.error?.code !== "file-changed") continue;
      if (upload.key === key) upload.remove();
      else upload.cancel();
    }
  }

  #end(upload: QueuedUpload, state: QueuedState): void {
    this.#turns.leave(upload);
    this.#uploads.delete(upload.key);
    this.#counter.remove(upload);
    const before = upload.state;
    if (state !== before) upload.progress = atRest(upload, state);
    this.#tell(upload, before);
    this.#emitter.emit("list");
  }

  #start(upload: QueuedUpload): void {
    // What is to be deleted of the same file would be deleted of this one.
    const cancelled = this.#cancels.of(upload.key);
    if (cancelled === undefined) this.#run(upload);
    else cancelled.then(() => this.#run(upload));
  }

  #run(upload: QueuedUpload): void {
    if (!this.#turns.isRunning(upload)) return;
    this.#uploaderOf(upload).upload().catch((error) => {
      // Those are shown.
      if (!(error instanceof UploadError)) reportError(error);
    });
  }

  #uploaderOf(upload: QueuedUpload): Uploader {
    if (upload.uploader !== undefined) return upload.uploader;
    const { file, path } = upload;
    const uploader = new Uploader({ ...this.#options, file, ...path !== file.name && { path } });
    uploader.on("progress", (progress) => this.#hear(upload, progress));
    return upload.uploader = uploader;
  }

  #hear(upload: QueuedUpload, progress: Progress): void {
    // What an upload says that has gone is late.
    if (!this.#counter.has(upload)) return;
    // So is what one says that is not to run, but for what the server has of it.
    const isMeant = this.#turns.isRunning(upload) || progress.state === "done";
    const { confirmed } = progress;
    if (!isMeant) return this.#show(upload, { ...upload.progress, confirmed, sent: confirmed });
    // Whoever hears of its end may want it to begin anew.
    if (!isActive(progress.state)) this.#turns.leave(upload);
    this.#show(upload, progress);
    if (isElsewhere(upload)) this.#turns.fill();
  }

  #show(upload: QueuedUpload, progress: QueuedUpload["progress"]): void {
    const before = upload.state;
    upload.progress = progress;
    this.#counter.count(upload, this.#now());
    this.#remembering.note(upload);
    this.#tell(upload, before);
  }

  #tell(upload: QueuedUpload, before: QueuedState): void {
    if (upload.state !== before) this.#emitter.emit("state", upload, before);
    this.#emitter.emit("progress", upload);
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }
}
