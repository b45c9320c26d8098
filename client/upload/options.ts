import type { Clock } from "../async/clock.ts";
import type { FingerprintOf } from "./fingerprint.ts";
import type { Locks } from "../memory/locks.ts";
import type { UploadStore } from "../memory/upload_store.ts";
import type { Progress } from "./progress.ts";
import type { Metadata } from "../protocol/metadata.ts";
import type { RequestHooks } from "../protocol/request_hooks.ts";
import type { RequestSizes } from "./request_sizes.ts";
import type { Transport } from "../protocol/transport.ts";

/** What to upload, and how. Only `file` is needed. */
export interface UploaderOptions extends RequestHooks {
  /** The file, or any bytes together with a `name`. */
  file: Blob;
  /** Its name on the server, which a `Blob` that is no `File` needs. Default: the file's own. */
  name?: string | undefined;
  /** Called at every change, many times a second while bytes are on their way. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Where the server is: `https://up.example`. Default: where the page came from. */
  endpoint?: string | undefined;
  /**
   * What the server knows the file by. Default: made from path or name, size, time of last change, a sample of the
   * bytes and a random part that this browser keeps, so that the same file chosen again goes on where it stopped.
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
  /** How many bytes the server is known to hold: shown until it has been asked. Default 0. */
  confirmed?: number | undefined;
  /**
   * The size of the first request's body, and of the largest, in bytes: what is too slow or breaks makes them smaller.
   * Default: as much as travels in about 11 seconds.
   */
  requestBytes?: number | undefined;
  /** How many failures in a row, with nothing gained, end the upload. Default: it goes on without end. */
  tries?: number | undefined;
  /** How long nothing may move before a request counts as dead, in milliseconds. Default 30 000. */
  stallMs?: number | undefined;
  /**
   * How long the answer may take after the last byte of the file has departed, in milliseconds: the server may have to
   * verify the file.
   * Default: one second for each 100 MB more than `stallMs`.
   */
  answerMs?: number | undefined;
  /** Carries the requests. Default: XMLHttpRequest. */
  transport?: Transport | undefined;
  /** What the browser remembers. Default: its IndexedDB. */
  store?: UploadStore | undefined;
  /** Learns which sizes of requests the network path to the server bears; uploads that share it learn together. */
  sizes?: RequestSizes | undefined;
  /**
   * Computes what stands for the bytes of a piece: the server checks it, and a change of the file is seen by it. Default:
   * SHA-256 where the browser has WebCrypto, elsewhere a short hash that stays here.
   */
  fingerprintOf?: FingerprintOf | undefined;
  /** Called when the retry delay is over: that begins when this resolves. Default: at once. */
  beforeRetry?: (() => Promise<void>) | undefined;
  /** Keeps two tabs off one upload. Default: the browser's, where it has them. */
  locks?: Locks | undefined;
  /** Default: the machine's. */
  clock?: Clock | undefined;
  /** Gives numbers in [0, 1). Default: Math.random. */
  random?: (() => number) | undefined;
}
