import type { QueueLimits } from "./limits.ts";
import type { ServerLimits } from "./server_limits.ts";
import type { QueuedUpload } from "./queued_upload.ts";
import type { Total } from "./total.ts";
import type { UploadStore } from "../memory/upload_store.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { UploaderOptions } from "../upload/options.ts";

/** The options of a queue. Everything has a default. */
export interface QueueOptions extends
  Omit<
    UploaderOptions,
    "file" | "name" | "id" | "path" | "location" | "confirmed" | "onProgress" | "beforeRetry" | "store"
  >,
  QueueLimits {
  /**
   * How many large files are under way at a time. Default 3. Of small files, up to 1 MiB, there are twice as many,
   * because each needs one request only, and one goes beside any large files. Browsers open six connections to an
   * HTTP/1.1 server, so all tabs together send four bodies at a time, one of them a small file's.
   */
  concurrency?: number | undefined;
  /**
   * The limits of the server. A file that is too large, over the quota, or one more than an upload link takes, fails at
   * once with `too-large`, `over-quota` or `too-many`; one that lies in too many folders with `refused`. Another try asks
   * the server itself. Default: the server refuses such a file.
   */
  limits?: ServerLimits | undefined;
  /** The uploads that the browser remembers. Default: those in its IndexedDB. */
  store?: UploadStore | undefined;
}

/** The facts of a file besides its bytes. */
export interface AboutFile {
  /** The file's name on the server, which a `Blob` needs. Default: its own. */
  name?: string | undefined;
  /** Its path inside the folder that is uploaded, with `/`. Its last part is the file's name on the server. */
  path?: string | undefined;
  /** Metadata of this file, added to the metadata of the queue. Where both have a key, this value counts. */
  metadata?: Metadata | undefined;
  /** The handle by which a later page can open the file again. Not every browser gives it. */
  handle?: FileSystemFileHandle | undefined;
  /**
   * How many bytes of the file the server is known to hold. The progress shows them until the server has been asked.
   * Default 0.
   */
  confirmed?: number | undefined;
  /** True for a file that waits for `resume()` before anything of it is sent. Default false. */
  isPaused?: boolean | undefined;
}

/** The events of an {@linkcode UploadQueue}, with what each of them passes to its listeners. */
export interface QueueEvents {
  /** Comes when uploads were added or taken out. */
  list: [];
  /** Comes when the state or the numbers of an upload have changed. */
  progress: [upload: QueuedUpload];
  /** Comes when an upload has another state. */
  state: [upload: QueuedUpload, before: QueuedUpload["state"]];
  /** Comes when the total has changed: once for all changes that came at one time. */
  total: [total: Total];
  /** Comes when the last active upload has ended or was paused. Nothing runs or waits any more. */
  idle: [];
}
