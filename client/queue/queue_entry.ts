import { hrefOn } from "../protocol/address.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { UploadErrorCode } from "../protocol/upload_error.ts";
import type { Uploader } from "../upload/uploader.ts";
import { isActive, type QueuedProgress, type QueuedState, type QueuedUpload } from "./queued_upload.ts";

/** The states in which nothing happens, and `resume()` begins the upload again. */
const AT_REST: ReadonlySet<QueuedState> = new Set(["paused", "stopped", "failed"]);
/** The errors that another try would meet again. */
const LASTING: ReadonlySet<UploadErrorCode> = new Set(["file-changed", "too-large", "not-accepted"]);

/** The actions of a queue on one of its uploads. */
export interface EntryControls {
  pause(entry: QueueEntry): void;
  resume(entry: QueueEntry): void;
  cancel(entry: QueueEntry): void;
  dismiss(entry: QueueEntry): void;
  delete(entry: QueueEntry): Promise<void>;
}

/** One request with many files. */
export interface BatchRun {
  /** The uploads that still wait for it. */
  readonly members: Set<QueueEntry>;
  readonly stop: AbortController;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
}

/** One upload as its queue sees it. The queue writes it. Everybody else gets it as a {@linkcode QueuedUpload}. */
export class QueueEntry implements QueuedUpload {
  readonly file: File;
  /** The key of the file: its path, size and time when it was added. The file may change on the disk. */
  readonly fileKey: string;
  readonly key: string;
  readonly path: string;
  readonly handle: FileSystemFileHandle | undefined;
  readonly metadata: Metadata | undefined;
  /** The uploader that does the work, from the first turn on. */
  uploader: Uploader | undefined;
  /** The request with many files that brings it, while that is under way. */
  batch: BatchRun | undefined;
  /** The address of the finished file that came in such a request. */
  placedAt: string | undefined;
  /** True when that file was there before. */
  wasThere = false;
  /** True when such a request has begun to bring it. */
  wasInBatch = false;
  progress: QueuedProgress;
  readonly #endpoint: string;
  readonly #controls: EntryControls;

  constructor(
    file: File,
    { key, fileKey, size, path, handle, metadata, confirmed = 0, isPaused = false, endpoint = "", controls }: {
      key: string;
      fileKey: string;
      size: number;
      path: string;
      handle?: FileSystemFileHandle | undefined;
      metadata?: Metadata | undefined;
      confirmed?: number | undefined;
      isPaused?: boolean | undefined;
      /** The address of the server; empty for the server that the page came from. */
      endpoint?: string;
      controls: EntryControls;
    },
  ) {
    this.file = file;
    this.key = key;
    this.fileKey = fileKey;
    this.path = path;
    this.handle = handle;
    this.metadata = metadata;
    this.#endpoint = endpoint;
    this.#controls = controls;
    const numbers = { confirmed, sent: confirmed, total: size, bytesPerSecond: 0, remainingMs: undefined };
    this.progress = { state: isPaused ? "paused" : "queued", ...numbers };
  }

  get state(): QueuedState {
    return this.progress.state;
  }

  get href(): string | undefined {
    return this.location === undefined ? undefined : hrefOn(this.#endpoint, this.location);
  }

  get location(): string | undefined {
    return this.placedAt ?? this.uploader?.location;
  }

  /** True when its turn has come at least once. */
  get hasRun(): boolean {
    return this.wasInBatch || this.uploader !== undefined && this.uploader.progress.state !== "ready";
  }

  /** True when `resume()` begins it again. */
  get isAtRest(): boolean {
    return AT_REST.has(this.state);
  }

  get isActive(): boolean {
    return isActive(this.state);
  }

  get canRetry(): boolean {
    const code = this.progress.error?.code;
    return this.state === "failed" && (code === undefined || !LASTING.has(code));
  }

  pause(): void {
    this.#controls.pause(this);
  }

  resume(): void {
    this.#controls.resume(this);
  }

  cancel(): void {
    this.#controls.cancel(this);
  }

  dismiss(): void {
    this.#controls.dismiss(this);
  }

  async delete(): Promise<void> {
    await this.#controls.delete(this);
  }
}

/** Gives the progress of an upload in a state in which no bytes are on their way. */
export function atRest({ progress: { confirmed, total } }: QueueEntry, state: QueuedState): QueuedProgress {
  return { state, confirmed, sent: confirmed, total, bytesPerSecond: 0, remainingMs: undefined };
}
