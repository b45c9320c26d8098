import { backoffSeconds } from "./backoff.ts";
import { type Clock, systemClock } from "./clock.ts";
import { fileId, headerId } from "./file_id.ts";
import { type Progress, ProgressReporter } from "./progress.ts";
import { createRequests, type Reply, type Requests } from "./requests.ts";
import type { Transport } from "./transport.ts";
import { UploadError } from "./upload_error.ts";
import { xhrTransport } from "./xhr_transport.ts";

export { type Progress, type UploadState } from "./progress.ts";
export { type Transport, type TransportAnswer, type TransportRequest } from "./transport.ts";
export { UploadError, type UploadErrorCode } from "./upload_error.ts";

/** What to upload, and how. Only `file` is needed. */
export interface UploaderOptions {
  file: File;
  /** Called at every change, many times a second while bytes are on their way. */
  onProgress?: (progress: Progress) => void;
  /** Where the server is: `https://example.org`. Default: where the page came from. */
  url?: string;
  /**
   * What the server knows the file by. Default: made from path or name, size and time of last change, and a random
   * part that this browser keeps, so that the same file chosen again goes on where it stopped.
   */
  id?: string;
  /** The file's path inside the folder that is uploaded, with `/`. */
  path?: string;
  /** The longest body of one request, in bytes. Default 8 MiB: what a broken connection can cost behind a slow proxy. */
  requestBytes?: number;
  /** How many failures in a row, with nothing gained, end the upload. Default 10; `Infinity` never gives up. */
  tries?: number;
  /** How long nothing may move before a request counts as dead. Default 30. */
  stallSeconds?: number;
  /** How long the answer may take after the whole body has left. Default 120: the server may have to verify the file. */
  answerSeconds?: number;
  /** Carries the requests. Default: XMLHttpRequest. */
  transport?: Transport;
  /** Default: the machine's. */
  clock?: Clock;
  /** Gives numbers in [0, 1). Default: Math.random. */
  random?: () => number;
}

/**
 * Uploads one file to a Pawl server, and goes on from the exact byte that the server holds, whatever breaks in between.
 *
 * @example
 * ```ts
 * const uploader = new Uploader({ file, onProgress: ({ confirmed, total }) => show(confirmed / total) });
 * const complete = await uploader.upload();
 * ```
 */
export class Uploader {
  /** Where the file is on the server, `/files/…`, as soon as the server has told it. */
  location: string | undefined;
  readonly #size: number;
  readonly #tries: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #requests: Requests;
  readonly #progress: ProgressReporter;
  #running: { stop: AbortController; result: Promise<boolean> } | undefined;
  #runs = 0;
  #pause = new AbortController();

  constructor(options: UploaderOptions) {
    const { file, path, requestBytes = 8 * 1024 * 1024, clock = systemClock } = options;
    if (!(requestBytes >= 1)) throw new RangeError(`Cannot send requests of ${requestBytes} bytes: give 1 or more`);
    this.#size = file.size;
    this.#tries = options.tries ?? 10;
    this.#clock = clock;
    this.#random = options.random ?? Math.random;
    this.#progress = new ProgressReporter(file.size, clock.now(), options.onProgress ?? (() => {}));
    this.#requests = createRequests({
      file,
      path,
      requestBytes,
      clock,
      id: headerId(options.id ?? fileId(file, path)),
      url: options.url ?? "",
      transport: options.transport ?? xhrTransport,
      stallSeconds: options.stallSeconds ?? 30,
      answerSeconds: options.answerSeconds ?? 120,
    });
  }

  /**
   * Uploads what the server does not have yet. Resolves to true when the server has the whole file, also when it had it
   * before; to false after `stop()`. Rejects with an `UploadError` when going on makes no sense; a later call tries
   * again from where the server is. A call while an upload runs gives the promise of that upload.
   */
  upload(): Promise<boolean> {
    const before = this.#running;
    if (before !== undefined && !before.stop.signal.aborted) return before.result;
    const stop = new AbortController();
    const result = this.#runAfter(before?.result, stop.signal);
    this.#running = { stop, result };
    this.#runs++;
    return result;
  }

  /** Ends the running request at once; `upload()` resolves to false. What the server has, it keeps. */
  stop(): void {
    this.#running?.stop.abort();
  }

  /** Ends the pause before the next try, if there is one: call it when the network is back. */
  retryNow(): void {
    this.#pause.abort();
  }

  /**
   * Asks the server, once, how much of the file it holds, and reports it by `onProgress`, in the state that the upload
   * has, or as `done`. Tells nothing when the server cannot be asked or an upload runs: that one asks by itself.
   */
  async ask(): Promise<void> {
    if (this.#running !== undefined) return;
    const runs = this.#runs;
    const reply = await this.#requests.ask(new AbortController().signal);
    // An upload that has begun meanwhile knows more.
    if (this.#runs !== runs) return;
    const { meaning } = this.#note(reply);
    if (meaning.kind === "held") this.#progress.confirm(meaning.offset);
    if (meaning.kind === "complete") this.#progress.finish();
  }

  async #runAfter(before: Promise<boolean> | undefined, stopped: AbortSignal): Promise<boolean> {
    await before?.catch(() => {});
    try {
      const complete = await this.#run(stopped);
      if (complete) this.#progress.finish();
      else this.#progress.enter("stopped");
      return complete;
    } catch (error) {
      this.#progress.enter("failed");
      throw error;
    } finally {
      if (this.#running?.stop.signal === stopped) this.#running = undefined;
    }
  }

  async #run(stopped: AbortSignal): Promise<boolean> {
    /** What the server holds; undefined when only asking can tell. */
    let offset: number | undefined;
    /** The most that it held so far. Only more than this counts failures anew: a server that loses bytes must not loop. */
    let furthest = -1;
    let failures = 0;
    while (!stopped.aborted) {
      const startByte = offset;
      const { meaning } = this.#note(await this.#next(startByte, stopped));
      if (meaning.kind === "complete") return true;
      if (stopped.aborted) break;
      if (meaning.kind === "refused") throw meaning.error;
      if (meaning.kind === "held") {
        offset = meaning.offset;
        this.#progress.confirm(offset);
        if (offset > furthest) {
          furthest = offset;
          failures = 0;
        }
        // An answer to a question, or a step forward.
        if (startByte === undefined || offset > startByte) continue;
      } else {
        offset = undefined;
      }
      failures++;
      const problem = meaning.kind === "retry" ? meaning.problem : "The server did not keep what was sent";
      if (failures >= this.#tries) throw noProgress(failures, problem);
      if (meaning.kind === "retry" || failures > 1) {
        const retryAfterSeconds = meaning.kind === "retry" ? meaning.retryAfterSeconds : undefined;
        await this.#waitToRetry(backoffSeconds(failures, this.#random(), retryAfterSeconds), problem, stopped);
      }
    }
    return false;
  }

  #next(startByte: number | undefined, stopped: AbortSignal): Promise<Reply> {
    if (startByte === undefined) {
      this.#progress.enter("asking");
      return this.#requests.ask(stopped);
    }
    this.#progress.startSending(this.#clock.now());
    return this.#requests.send(startByte, stopped, (offset) => this.#progress.handOver(offset, this.#clock.now()));
  }

  async #waitToRetry(retryInSeconds: number, problem: string, stopped: AbortSignal): Promise<void> {
    this.#progress.enter("waiting", { retryInSeconds, problem });
    this.#pause = new AbortController();
    await this.#clock.wait(retryInSeconds, AbortSignal.any([stopped, this.#pause.signal]));
  }

  #note(reply: Reply): Reply {
    this.location = reply.location ?? this.location;
    return reply;
  }
}

function noProgress(failures: number, problem: string): UploadError {
  const message = `Nothing was gained in ${failures} tries, the last problem: ${problem}. ` +
    "Check the connection, then upload again: it goes on where the server is";
  return new UploadError("no-progress", message);
}
