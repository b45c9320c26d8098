import { type Clock, systemClock } from "../async/clock.ts";
import { Emitter } from "../async/emitter.ts";
import { exclusive, lockName } from "../memory/locks.ts";
import { fileId, headerId } from "./file_id.ts";
import { createFingerprintOf, type FingerprintOf } from "./fingerprint.ts";
import { cancelOnServer, deleteOnServer } from "./cancel_on_server.ts";
import { LocalFile } from "./local_file.ts";
import { metadataHeader } from "../protocol/metadata.ts";
import { UploadStore } from "../memory/upload_store.ts";
import { Pauses } from "./pauses.ts";
import { isOnePiece, Pieces } from "./pieces.ts";
import { problem } from "../protocol/problem.ts";
import { type Progress, type ProgressReporter, reporterTo, type UploaderEvents } from "./progress.ts";
import { createRequests, type Reply } from "../protocol/requests.ts";
import { rememberedSizes, type RequestSizes } from "./request_sizes.ts";
import { type Seats, seatsFor } from "./seats.ts";
import { Snapshot } from "./snapshot.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import { UploadError } from "../protocol/upload_error.ts";
import { type RunDeps, runUpload, standStill } from "./run.ts";
import type { UploaderOptions } from "./options.ts";
import { withHooks } from "../protocol/request_hooks.ts";
import { namedFile } from "./named_file.ts";
import type { Transport } from "../protocol/transport.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";

/** The bytes that a slow disk reads in a millisecond. */
const VERIFIED_PER_MS = 1e5;

/**
 * Uploads one file to a Pawl server, and goes on from the exact byte that the server holds, whatever breaks in between.
 *
 * @example
 * ```ts
 * import { Uploader } from "./uploader.ts";
 * import { UploadError } from "../protocol/upload_error.ts";
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
  readonly #options: UploaderOptions & { endpoint: string };
  readonly #clock: Clock;
  readonly #store: UploadStore;
  readonly #sizes: RequestSizes;
  readonly #seats: Seats;
  readonly #fingerprintOf: FingerprintOf;
  readonly #transport: Transport;
  readonly #signIns: SignIns;
  readonly #metadata: string | undefined;
  readonly #local: LocalFile;
  readonly #snapshot: Snapshot;
  readonly #reporter: ProgressReporter;
  readonly #emitter = new Emitter<UploaderEvents>();
  #id: Promise<string> | undefined;
  #running: { stop: AbortController; result: Promise<boolean> } | undefined;
  #runs = 0;
  readonly #pauses = new Pauses();
  #cancelling: { runs: number; result: Promise<void> } | undefined;
  #hasSent = false;
  #location: string | undefined;
  /** The address of the unfinished upload, from the last answer that named it. */
  #begunAt: string | undefined;
  #delay = new AbortController();

  /** Sends and asks nothing yet. Throws a `RangeError` when `requestBytes` is less than 1, or `metadata` cannot be sent. */
  constructor(options: UploaderOptions) {
    const { confirmed, clock = systemClock, onProgress } = options;
    const { endpoint = "", locks = globalThis.navigator?.locks } = options;
    const file = namedFile(options.file, options.name);
    this.#options = { ...options, endpoint, locks };
    this.#clock = clock;
    this.#store = options.store ?? new UploadStore();
    this.#sizes = options.sizes ?? rememberedSizes(this.#store, options);
    this.#seats = options.seats ?? seatsFor(endpoint, locks);
    this.#fingerprintOf = options.fingerprintOf ?? createFingerprintOf();
    this.#location = options.location;
    this.#transport = withHooks(options.transport ?? xhrTransport, options);
    this.#signIns = SignIns.of(options.onSignedOut);
    this.#metadata = metadataHeader(options.metadata);
    this.#local = new LocalFile(file, clock);
    this.#snapshot = new Snapshot({ local: this.#local, fingerprintOf: this.#fingerprintOf, clock });
    this.#reporter = reporterTo(this.#emitter, { total: file.size, confirmed, nowMs: clock.now() });
    this.on("state", (state) => this.#hasSent ||= state === "sending");
    if (onProgress !== undefined) this.on("progress", onProgress);
  }

  /** The path of the file on the server, `/files/…`, as soon as the server has told it. */
  get location(): string | undefined {
    return this.#location;
  }

  /** The present progress. */
  get progress(): Progress {
    return this.#reporter.progress;
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
    const { id, path } = this.#options;
    const { file } = this.#local;
    this.#id ??= id !== undefined
      ? Promise.resolve(headerId(id))
      : Promise.all([this.#store.secret(), this.#snapshot.sample()])
        .then(([secret, sample]) => fileId(file, { path, sample, secret }))
        .catch((error) => {
          this.#id = undefined;
          throw error;
        });
    return this.#id;
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
    if (this.#cancelling?.runs === this.#runs) return this.#cancelling.result;
    const result = this.#cancelAfter(this.#running?.result).finally(() => {
      if (this.#cancelling === cancelling) this.#cancelling = undefined;
    });
    const cancelling = { runs: this.#runs, result };
    this.#cancelling = cancelling;
    return result;
  }

  /** Deletes the finished file on the server. Rejects with an `UploadError` when the server does not do it. */
  async delete(): Promise<void> {
    if (this.location === undefined) throw new UploadError("refused", "There is no finished file to delete");
    const { requests } = await this.#deps();
    await deleteOnServer(requests, this.location, this.#signIns);
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
    const result = this.#runAfter([before?.result, this.#cancelling?.result], stop.signal);
    this.#running = { stop, result };
    this.#runs++;
    return result;
  }

  async #beginUntil(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const result = this.#begin();
    const run = this.#running;
    const onAbort = () => this.#running === run && this.stop();
    signal.addEventListener("abort", onAbort);
    try {
      const complete = await result;
      if (!complete) signal.throwIfAborted();
      return complete;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #runAfter(before: Iterable<unknown>, stopped: AbortSignal): Promise<boolean> {
    await Promise.allSettled(before);
    // The run is over before its end is reported, because a listener may begin the upload anew.
    const end = () => {
      if (this.#running?.stop.signal !== stopped) return;
      this.#running = undefined;
      this.resume();
    };
    try {
      const complete = await this.#run(stopped);
      end();
      if (complete) this.#reporter.finish();
      else this.#reporter.enter("stopped");
      return complete;
    } catch (error) {
      end();
      this.#reporter.enter("failed", error instanceof UploadError ? { error } : {});
      throw error;
    }
  }

  /** Runs from pause to pause, until the upload has an end. */
  async #run(stopped: AbortSignal): Promise<boolean> {
    const deps = await unlessAborted(stopped, this.#deps());
    if (deps === undefined) return false;
    const isSmall = isOnePiece(this.#local.file, this.#sizes);
    if (!isSmall) await unlessAborted(stopped, this.#snapshot.sample());
    let offset = this.#runs === 1 && isSmall ? 0 : undefined;
    while (!stopped.aborted) {
      const signal = AbortSignal.any([stopped, this.#pauses.stretch()]);
      const onWait = () => this.#reporter.enter("waiting", { problem: problem("elsewhere") });
      const work = () => runUpload(deps, signal, offset);
      if (await this.#exclusive({ signal, onWait, work })) return true;
      if (!stopped.aborted) await standStill(deps, this.#pauses, stopped);
      offset = undefined;
    }
    return false;
  }

  async #cancelAfter(run: Promise<boolean> | undefined): Promise<void> {
    const wasDone = run === undefined && this.progress.state === "done";
    const isDone = await run?.catch(() => false) ?? wasDone;
    if (isDone) throw new UploadError("refused", "The file is on the server already: delete it there");
    this.#reporter.enter("cancelled");
    const { requests, clock, random, signIns } = await this.#deps();
    const location = this.#hasSent ? this.#begunAt : undefined;
    const work = () => cancelOnServer(requests, { location, clock, random, signIns });
    await this.#exclusive({ signal: AbortSignal.abort(), onWait: () => {}, work });
    this.#location = this.#begunAt = undefined;
  }

  async #exclusive<Result>(
    options: { signal: AbortSignal; onWait: () => void; work: () => Promise<Result> },
  ): Promise<Result | undefined> {
    const { locks, endpoint: url } = this.#options;
    return await exclusive(locks, lockName({ url, id: await this.id() }), options);
  }

  async #deps(): Promise<RunDeps> {
    const { path, endpoint: url, random = Math.random, tries = Infinity } = this.#options;
    const { file } = this.#local;
    const [transport, metadata] = [this.#transport, this.#metadata];
    const { beforeRetry = () => Promise.resolve() } = this.#options;
    const [id] = await Promise.all([this.id(), this.#sizes.recalled]);
    const clock = this.#clock;
    const look = (part: Blob) => this.#local.look(part);
    const { stallMs = 30_000, answerMs = stallMs + file.size / VERIFIED_PER_MS } = this.#options;
    return {
      requests: createRequests({ file, id, path, metadata, url, transport, stallMs, answerMs, clock, look }),
      pieces: new Pieces(this.#local, { sizes: this.#sizes, fingerprintOf: this.#fingerprintOf }),
      snapshot: this.#snapshot,
      sizes: this.#sizes,
      seats: this.#seats,
      progress: this.#reporter,
      clock,
      random,
      signIns: this.#signIns,
      tries,
      onReply: (reply) => this.#note(reply),
      beforeRetry,
      delayBegins: () => (this.#delay = new AbortController()).signal,
    };
  }

  #note({ meaning, location }: Reply): void {
    if (location === undefined) return;
    this.#location = location;
    this.#begunAt = meaning.kind === "held" && meaning.offset < this.progress.total ? location : undefined;
  }
}
