import type { Metadata } from "../protocol/metadata.ts";
import type { Progress, UploadState } from "../upload/progress.ts";

/** The state of an upload in a queue. It is `queued` before its turn has come. */
export type QueuedState = UploadState | "queued";

/** The progress of an upload in a queue. */
export type QueuedProgress = Readonly<Omit<Progress, "state"> & { state: QueuedState }>;

const ACTIVE: ReadonlySet<QueuedState> = new Set(["queued", "ready", "asking", "sending", "checking", "waiting"]);

/** True for a state in which an upload can be paused. */
export function isActive(state: QueuedState): boolean {
  return ACTIVE.has(state);
}

/** One upload of an {@linkcode UploadQueue}, which makes it. */
export interface QueuedUpload {
  /** A text that no other upload of the queue has or had, by which the rows of a list can be told apart. */
  readonly key: string;
  /** The file that is uploaded. A `Blob` has become a file with the name that it was given. */
  readonly file: File;
  /** The path inside the folder that is uploaded; the name of a file that came alone. */
  readonly path: string;
  /** The handle by which a later page can open the file again. Not every browser gives it. */
  readonly handle: FileSystemFileHandle | undefined;
  /** The metadata that goes with it. */
  readonly metadata: Metadata | undefined;
  /** The present progress. */
  readonly progress: QueuedProgress;
  /** The state, the same as in `progress`. */
  readonly state: QueuedState;
  /** The path of the file on the server, `/files/…`, as soon as the server has told it. */
  readonly location: string | undefined;
  /** The file's address as an absolute URL; `undefined` where neither an `endpoint` nor a page names the server. */
  readonly href: string | undefined;
  /** True when it can be paused. */
  readonly isActive: boolean;
  /**
   * True when it has failed and another try may succeed. A file that was changed, or is too large, would fail again.
   */
  readonly canRetry: boolean;

  /** Pauses it until `resume()`. Another upload gets its turn. */
  pause(): void;

  /** Goes on after a pause, or tries again after a failure, as soon as its turn comes. Ends a retry delay. */
  resume(): void;

  /** Ends it if it is not finished, takes it out of the queue, and has the server delete what it has of it. */
  cancel(): void;

  /** Takes it out of the queue, and ends it if it runs. The server keeps what it has. */
  dismiss(): void;

  /** Deletes the finished file on the server. Rejects with an `UploadError` when the server does not do it. */
  delete(): Promise<void>;
}
