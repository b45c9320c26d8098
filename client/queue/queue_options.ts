import type { QueueLimits } from "./limits.ts";
import type { QueuedUpload } from "./queued_upload.ts";
import type { Total } from "./total.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { UploaderOptions } from "../upload/options.ts";

/** How a queue uploads. Everything has a default. */
export interface QueueOptions
  extends
    Omit<UploaderOptions, "file" | "name" | "id" | "path" | "confirmed" | "onProgress" | "beforeRetry">,
    QueueLimits {
  /**
   * How many large files are sent at a time. Default 3. Of files of up to 1 MiB, which need one request each, there are
   * twice as many: browsers open six connections to an HTTP/1.1 server.
   */
  concurrency?: number | undefined;
}

/** What is known of a file beside its bytes. */
export interface AboutFile {
  /** Its name on the server, which a `Blob` needs. Default: its own. */
  name?: string | undefined;
  /** Its path inside the folder that is uploaded, with `/`. */
  path?: string | undefined;
  /** Metadata of this file, added to the metadata of the queue. Where both have a key, this value counts. */
  metadata?: Metadata | undefined;
  /** Lets a later page open the file again, where the browser gives a handle. */
  handle?: FileSystemFileHandle | undefined;
  /** How many bytes of it the server is known to hold: shown until it has been asked. Default 0. */
  confirmed?: number | undefined;
}

/** The events of an {@linkcode UploadQueue}, with what each of them passes to its listeners. */
export interface QueueEvents {
  /** Uploads came or went. */
  list: [];
  /** One changed: its state, or how far it is. */
  progress: [upload: QueuedUpload];
  /** One got another state. */
  state: [upload: QueuedUpload, before: QueuedUpload["state"]];
  /** Where all together stand has changed: told once for all changes that came at one time. */
  total: [total: Total];
  /** The last active upload has come to an end, or was paused: nothing runs or waits any more. */
  idle: [];
}
