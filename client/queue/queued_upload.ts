import type { Progress, UploadState } from "../upload/progress.ts";
import type { Uploader } from "../upload/uploader.ts";

/** A state of an upload in a queue: `queued` is one whose turn has not come. */
export type QueuedState = UploadState | "queued";

const ACTIVE: ReadonlySet<QueuedState> = new Set(["queued", "ready", "asking", "sending", "checking", "waiting"]);

/** Whether an upload in that state could be paused. */
export function isActive(state: QueuedState): boolean {
  return ACTIVE.has(state);
}

/** What a queue does for one of its uploads. */
export interface UploadControls {
  pause(upload: QueuedUpload): void;
  resume(upload: QueuedUpload): void;
  cancel(upload: QueuedUpload): void;
  dismiss(upload: QueuedUpload): void;
}

/** One file in a queue. */
export class QueuedUpload {
  readonly file: File;
  /** Path, size and time of the file, as they were when it was added: it may change on the disk. */
  readonly key: string;
  /** Its path inside the folder that is uploaded; its name, when it came alone. */
  readonly path: string;
  /** Opens the file again on a later page, where the browser gives a handle. */
  readonly handle: FileSystemFileHandle | undefined;
  /** Does the work, from its first turn on. */
  uploader: Uploader | undefined;
  /** Where it stands. The queue writes it. */
  progress: Omit<Progress, "state"> & { state: QueuedState };
  readonly #controls: UploadControls;

  constructor(
    file: File,
    { key, size, path, handle, confirmed, controls }: {
      key: string;
      size: number;
      path: string;
      handle: FileSystemFileHandle | undefined;
      confirmed: number;
      controls: UploadControls;
    },
  ) {
    this.file = file;
    this.key = key;
    this.path = path;
    this.handle = handle;
    this.#controls = controls;
    const numbers = { confirmed, sent: confirmed, total: size, bytesPerSecond: 0, remainingSeconds: undefined };
    this.progress = { state: "queued", ...numbers };
  }

  get state(): QueuedState {
    return this.progress.state;
  }

  /** Where the finished file is on the server, `/files/…`. */
  get location(): string | undefined {
    return this.uploader?.location;
  }

  /** Whether it could be paused. */
  get isActive(): boolean {
    return isActive(this.state);
  }

  /** Whether it has failed in a way that another try may mend: a file that was changed or is too large would fail again. */
  get canRetry(): boolean {
    const code = this.progress.error?.code;
    return this.state === "failed" && code !== "file-changed" && code !== "too-large";
  }

  /** Stands still until `resume()`; another one gets its turn. */
  pause(): void {
    this.#controls.pause(this);
  }

  /**
   * Goes on after a pause, or tries again after a failure, as soon as its turn comes. One that waits for its next try
   * waits no longer.
   */
  resume(): void {
    this.#controls.resume(this);
  }

  /** Ends one that is not finished, takes it out of the queue, and has the server delete what it has of it. */
  cancel(): void {
    this.#controls.cancel(this);
  }

  /** Deletes the finished file on the server. Rejects with an `UploadError` when the server does not do it. */
  async delete(): Promise<void> {
    await this.uploader?.delete();
  }

  /** Takes it out of the queue, and ends it when it runs. What is on the server stays there. */
  dismiss(): void {
    this.#controls.dismiss(this);
  }
}

/** The progress of an upload in a state in which nothing is on its way. */
export function atRest({ progress: { confirmed, total } }: QueuedUpload, state: QueuedState): QueuedUpload["progress"] {
  return { state, confirmed, sent: confirmed, total, bytesPerSecond: 0, remainingSeconds: undefined };
}
