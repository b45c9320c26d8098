import type { Progress, UploadState } from "../upload/progress.ts";

/** A state of an upload in a queue: `queued` is one whose turn has not come. */
export type QueuedState = UploadState | "queued";

/** Where an upload in a queue stands. */
export type QueuedProgress = Readonly<Omit<Progress, "state"> & { state: QueuedState }>;

const ACTIVE: ReadonlySet<QueuedState> = new Set(["queued", "ready", "asking", "sending", "checking", "waiting"]);

/** Whether an upload in that state could be paused. */
export function isActive(state: QueuedState): boolean {
  return ACTIVE.has(state);
}

/** One file in an {@linkcode UploadQueue}, which makes it. */
export interface QueuedUpload {
  /** The file that is uploaded; a `Blob` has become one, under its name. */
  readonly file: File;
  /** Its path inside the folder that is uploaded; its name, when it came alone. */
  readonly path: string;
  /** Opens the file again on a later page, where the browser gives a handle. */
  readonly handle: FileSystemFileHandle | undefined;
  /** Where it stands. */
  readonly progress: QueuedProgress;
  /** The state of its progress. */
  readonly state: QueuedState;
  /** Where the finished file is on the server, `/files/…`. */
  readonly location: string | undefined;
  /** Whether it could be paused. */
  readonly isActive: boolean;
  /** Whether it has failed in a way that another try may mend: a file that was changed or is too large would fail again. */
  readonly canRetry: boolean;

  /** Stands still until `resume()`; another one gets its turn. */
  pause(): void;

  /**
   * Goes on after a pause, or tries again after a failure, as soon as its turn comes. One that waits for its next try
   * waits no longer.
   */
  resume(): void;

  /** Ends one that is not finished, takes it out of the queue, and has the server delete what it has of it. */
  cancel(): void;

  /** Takes it out of the queue, and ends it when it runs. What is on the server stays there. */
  dismiss(): void;

  /** Deletes the finished file on the server. Rejects with an `UploadError` when the server does not do it. */
  delete(): Promise<void>;
}
