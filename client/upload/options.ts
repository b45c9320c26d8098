import type { Clock } from "../async/clock.ts";
import type { FingerprintOf } from "./fingerprint.ts";
import type { Locks } from "../memory/locks.ts";
import type { UploaderStore } from "../memory/path_store.ts";
import type { Progress } from "./progress.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { RequestHooks } from "../protocol/request_hooks.ts";
import type { RequestSizes } from "./request_sizes.ts";
import type { Seats } from "./seats.ts";
import type { Transport } from "../protocol/transport.ts";

/** The file to upload, and how to upload it. Only `file` is needed. */
export interface UploaderOptions extends RequestHooks {
  /**
   * The file, or any bytes together with a `name`. A program that reads files from a disk gives a subclass of `File`,
   * whose `slice()` gives parts that are read when they are needed. If it refuses to read a file that was changed, it
   * says so by a property `isWatched` that is true, and less of the file is read a second time.
   */
  file: Blob;
  /** Its name on the server, which a `Blob` that is no `File` needs. Default: the file's own. */
  name?: string | undefined;
  /** Called at every change, many times a second while bytes are on their way. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** The address of the server, such as `https://up.example`. Default: the server that the page came from. */
  endpoint?: string | undefined;
  /**
   * The `X-File-Id`, by which the server knows the file. Default: made of the path or name, the size, the time of last
   * change, a sample of the bytes, and a random part that this browser keeps. So the same file, chosen again, goes on
   * from where it stopped.
   */
  id?: string | undefined;
  /** The file's path inside the folder that is uploaded, with `/`. */
  path?: string | undefined;
  /**
   * Metadata of your own, which the server keeps with the upload. A key has 1 to 64 of the characters `A`–`Z`, `a`–`z`,
   * `0`–`9`, `_`, `.` and `-`. A value is any text without control characters. All together may have 8192 bytes, as
   * percent-encoded UTF-8. The server keeps the first metadata that it gets of an upload.
   */
  metadata?: Metadata | undefined;
  /** How many bytes the server is known to hold. The progress shows them until the server has been asked. Default 0. */
  confirmed?: number | undefined;
  /**
   * The size of the first request's body, in bytes, and the largest size of a later one. Later bodies are smaller when
   * requests are too slow or break. Default: as much as travels in about 11 seconds.
   */
  requestBytes?: number | undefined;
  /** The path of the finished file on the server, if it is known, so that `delete()` finds it. */
  location?: string | undefined;
  /** How many failures in a row, with nothing gained, end the upload. Default: no number of failures ends it. */
  tries?: number | undefined;
  /** How long nothing may move before a request counts as dead, in milliseconds. Default 30 000. */
  stallMs?: number | undefined;
  /**
   * How long the answer may take after the last byte of the file has departed, in milliseconds. The server may have to
   * check the whole file in this time. Default: `stallMs` and one second more for each 100 MB.
   */
  answerMs?: number | undefined;
  /** Carries the requests. Default: XMLHttpRequest. */
  transport?: Transport | undefined;
  /** The memory from one page to the next, such as an `UploadStore`. Default: the browser's IndexedDB. */
  store?: UploaderStore | undefined;
  /**
   * Learns which sizes of requests the network path to the server bears. Uploads that share it learn together. Default:
   * one for this upload, which begins with what `store` knows.
   */
  sizes?: RequestSizes | undefined;
  /**
   * The places for bodies on their way to the server, which uploads share, so that connections stay free for everything
   * else. Default: in a queue, those that all tabs of the browser share; for an upload by itself, none, so that it sends
   * at once.
   */
  seats?: Seats | undefined;
  /**
   * Computes the fingerprint of a piece, by which the server checks its bytes, and the client sees a change of the
   * file. Default: SHA-256 if the browser has WebCrypto, and otherwise a short hash that the server does not get.
   */
  fingerprintOf?: FingerprintOf | undefined;
  /** Called when a retry delay is over. The next try begins when the promise resolves. Default: it begins at once. */
  beforeRetry?: (() => Promise<void>) | undefined;
  /** The locks that keep two tabs from uploading one file at the same time. Default: the browser's, if it has any. */
  locks?: Locks | undefined;
  /** The clock for every wait. Default: the machine's own. */
  clock?: Clock | undefined;
  /** Gives random numbers in [0, 1). Default: `Math.random`. */
  random?: (() => number) | undefined;
}
