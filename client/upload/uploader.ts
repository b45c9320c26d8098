import { Emitter } from "../async/emitter.ts";
import { exclusive, lockName } from "../memory/locks.ts";
import { cancelOnServer, deleteOnServer } from "./cancel_on_server.ts";
import { Pauses } from "./pauses.ts";
import { isOnePiece } from "./pieces.ts";
import { hrefOn } from "../protocol/address.ts";
import { problem } from "../protocol/problem.ts";
import { type Progress, ProgressReporter, type UploaderEvents } from "./progress.ts";
import type { Reply } from "../protocol/requests.ts";
import { listenDuring } from "../async/listen_during.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import { UploadError } from "../protocol/upload_error.ts";
import { type RunDeps, runUpload, standStill } from "./run.ts";
import type { UploaderOptions } from "./options.ts";
import { settingOf, type UploadSetting } from "./setting.ts";

/**
 * Uploads one file to a Pawl server, and goes on from the exact byte that the server holds, whatever breaks in between.
 *
 * @example
 * ```ts
 * import { UploadError, Uploader } from "@pawl/client";
 *
 * export async function upload(file: File, signal: AbortSignal): Promise<string | undefined> {
 *   const uploader = new Uploader({ file, headers: { Authorization: "Bearer …" } });
 *   uploader.on("progress", ({ confirmed, total }) => console.log(confirmed / total));
 *   try {
 *     await uploader.upload({ signal });
 *     return uploader.location;
 *   } catch (error) {
 *     if (!(error instanceof UploadError)) throw error;
 *     console.log(error.code, error.message);
 *   }
 * }
 * ```
 */
export class Uploader {
  readonly #emitter = new Emitter<UploaderEvents>();
  readonly #deps: RunDeps & UploadSetting;
  #running: { stop: AbortController; result: Promise<boolean> } | undefined;
  #runs = 0;
  readonly #pauses = new Pauses();
  /** The end of a `cancel()`, until an upload begins anew behind it. */
  #cancelling: Promise<void> | undefined;
  #hasSent = false;
  #location: string | undefined;
  /** The address of the unfinished upload, from the last answer that named it. */
  #begunAt: string | undefined;
  #delay = new AbortController();

  /** Sends and asks nothing yet. Throws a `RangeError` when `requestBytes` is less than 1, or `metadata` cannot be sent. */
  constructor(options: UploaderOptions) {
    const { confirmed, location, onProgress } = options;
    const setting = settingOf(options);
    const { file, clock } = setting;
    this.#deps = {
      ...setting,
      progress: new ProgressReporter({ total: file.size, confirmed, nowMs: clock.now() }, this.#emitter),
      onReply: (reply) => this.#note(reply),
      delayBegins: () => (this.#delay = new AbortController()).signal,
    };
    this.#location = location;
    this.on("state", (state) => this.#hasSent ||= state === "sending");
    if (onProgress !== undefined) this.on("progress", onProgress);
  }

  /** The path of the file on the server, `/files/…`, as soon as the server has told it. */
  get location(): string | undefined {
    return this.#location;
  }

  /** The file's address as an absolute URL; `undefined` where neither an `endpoint` nor a page names the server. */
  get href(): string | undefined {
    return this.#location === undefined ? undefined : hrefOn(this.#deps.endpoint, this.#location);
  }

  /** The present progress. */
  get progress(): Progress {
    return this.#deps.progress.progress;
  }

  /** Calls `listener` at each event of that name. The returned function ends this. */
  on<Name extends keyof UploaderEvents>(name: Name, listener: (...details: UploaderEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  /**
   * Gives the `X-File-Id`, by which the server knows the file. Rejects with an `UploadError` when the file cannot be
   * read.
   */
  id(): Promise<string> {
    return this.#deps.id();
  }

  /**
   * Uploads the bytes that the server does not have yet. Resolves to true when the server has the whole file, also when
   * it had it before. Resolves to false after `stop()` or `cancel()`. Rejects with an `UploadError` when going on makes
   * no sense; a later call tries again from the server's offset. A call while an upload runs gives the promise of that
   * upload, and resumes it when it is paused.
   *
   * When `signal` aborts, the upload ends as by `stop()`, and this call rejects with the signal's reason.
   */
  upload({ signal }: { signal?: AbortSignal } = {}): Promise<boolean> {
    return signal === undefined ? this.#begin() : this.#beginUntil(signal);
  }

  /** Ends the running request at once, and waits for `resume()`. The server keeps the bytes that it has. */
  pause(): void {
    if (this.#running?.stop.signal.aborted === false) this.#pauses.pause();
  }

  /** Goes on after `pause()`. */
  resume(): void {
    this.#pauses.resume();
  }

  /** Ends the upload at once. `upload()` resolves to false, and the server keeps the bytes that it has. */
  stop(): void {
    this.#running?.stop.abort();
    this.resume();
  }

  /**
   * Ends the upload, and has the server delete what it has of it, unless another tab or window uploads it now. Resolves
   * when the server has done that. Rejects with an `UploadError` when the file is complete on the server, where it
   * stays, or when the server could not be told in many tries. The server deletes unfinished uploads by itself after
   * some days.
   */
  cancel(): Promise<void> {
    this.stop();
    const cancelled = this.#cancelling ??= this.#cancelAfter(this.#running?.result).finally(() => {
      if (this.#cancelling === cancelled) this.#cancelling = undefined;
    });
    return cancelled;
  }

  /** Deletes the finished file on the server. Rejects with an `UploadError` when the server does not do it. */
  async delete(): Promise<void> {
    if (this.location === undefined) throw new UploadError("refused", "There is no finished file to delete");
    await deleteOnServer(this.#deps, this.location);
  }

  /** Ends the retry delay, if there is one. A network that comes back ends it too. */
  retryNow(): void {
    this.#delay.abort();
  }

  #begin(): Promise<boolean> {
    const before = this.#running;
    if (before !== undefined && !before.stop.signal.aborted) {
      this.resume();
      return before.result;
    }
    const stop = new AbortController();
    const result = this.#runAfter([before?.result, this.#cancelling], stop.signal);
    this.#cancelling = undefined;
    this.#running = { stop, result };
    this.#runs++;
    return result;
  }

  async #beginUntil(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const result = this.#begin();
    const run = this.#running;
    const complete = await listenDuring(signal, () => this.#running === run && this.stop(), result);
    if (!complete) signal.throwIfAborted();
    return complete;
  }

  async #runAfter(before: Iterable<unknown>, stopped: AbortSignal): Promise<boolean> {
    await Promise.allSettled(before);
    // The run is over before its end is reported, because a listener may begin the upload anew. Nothing comes between.
    const end = () => {
      if (this.#running?.stop.signal !== stopped) return;
      this.#running = undefined;
      this.resume();
    };
    try {
      const complete = await this.#run(stopped);
      end();
      if (complete) this.#deps.progress.finish();
      else this.#deps.progress.enter("stopped");
      return complete;
    } catch (error) {
      end();
      this.#deps.progress.enter("failed", error instanceof UploadError ? { error } : {});
      throw error;
    }
  }

  /** Runs from pause to pause, until the upload has an end. */
  async #run(stopped: AbortSignal): Promise<boolean> {
    const { file, sizes, snapshot, progress } = this.#deps;
    await unlessAborted(stopped, Promise.all([this.id(), sizes.recalled]));
    const isSmall = isOnePiece(file, sizes);
    if (!isSmall && !stopped.aborted) await unlessAborted(stopped, snapshot.sample());
    let offset = this.#runs === 1 && isSmall ? 0 : undefined;
    while (!stopped.aborted) {
      const signal = AbortSignal.any([stopped, this.#pauses.stretch()]);
      const onWait = () => progress.enter("waiting", { problem: problem("elsewhere") });
      const work = () => runUpload(this.#deps, signal, offset);
      if (await this.#exclusive({ signal, onWait, work })) return true;
      if (!stopped.aborted) await standStill(this.#deps, this.#pauses, stopped);
      offset = undefined;
    }
    return false;
  }

  async #cancelAfter(run: Promise<boolean> | undefined): Promise<void> {
    const isDone = run === undefined ? this.progress.state === "done" : await run.catch(() => false);
    if (isDone) throw new UploadError("refused", "The file is on the server already: delete it there");
    this.#deps.progress.enter("cancelled");
    const location = this.#hasSent ? this.#begunAt : undefined;
    const work = () => cancelOnServer({ ...this.#deps, location });
    await this.#exclusive({ signal: AbortSignal.abort(), onWait: () => {}, work });
    this.#location = this.#begunAt = undefined;
  }

  async #exclusive<Result>(
    options: { signal: AbortSignal; onWait: () => void; work: () => Promise<Result> },
  ): Promise<Result | undefined> {
    const { locks, endpoint: url } = this.#deps;
    return await exclusive(locks, lockName({ url, id: await this.id() }), options);
  }

  #note({ meaning, location }: Reply): void {
    if (location === undefined) return;
    this.#location = location;
    this.#begunAt = meaning.kind === "held" && meaning.offset < this.progress.total ? location : undefined;
  }
}
