import { type Clock, systemClock } from "../async/clock.ts";
import { exclusive, listLockName, lockName } from "../memory/locks.ts";
import { cancelOnServer, mayCancelLater } from "../upload/cancel_on_server.ts";
import { isSameFile } from "../memory/keys.ts";
import type { Unfinished, UploadStore } from "../memory/upload_store.ts";
import { createRequests, type Requests } from "../protocol/requests.ts";
import { type RequestHooks, withHooks } from "../protocol/request_hooks.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import type { Transport } from "../protocol/transport.ts";
import { UploadError } from "../protocol/upload_error.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";

/** Chromium has this method, which asks for permission. TypeScript's types for the DOM do not have it. */
interface PermittedHandle extends FileSystemFileHandle {
  requestPermission?(wanted: { mode: "read" }): Promise<PermissionState>;
}

/** The options of {@linkcode UnfinishedUploads}. */
export interface UnfinishedOptions extends RequestHooks {
  /** The uploads that the browser remembers. */
  store: UploadStore;
  /** Carries the requests. Default: XMLHttpRequest. */
  transport?: Transport | undefined;
  /** The locks that show which uploads are in the list of another tab. Default: the browser's locks, if it has any. */
  locks?: Pick<LockManager, "query" | "request"> | undefined;
  /** The clock for every wait. Default: the machine's own. */
  clock?: Clock | undefined;
}

/** The uploads that an earlier page has begun and not finished. */
export class UnfinishedUploads {
  readonly #store: UploadStore;
  readonly #transport: Transport;
  readonly #locks: Pick<LockManager, "query" | "request"> | undefined;
  readonly #clock: Clock;
  readonly #signIns: SignIns;

  /** Asks nobody anything yet. */
  constructor(options: UnfinishedOptions) {
    this.#store = options.store;
    this.#transport = withHooks(options.transport ?? xhrTransport, options);
    this.#locks = options.locks ?? globalThis.navigator?.locks;
    this.#clock = options.clock ?? systemClock;
    this.#signIns = SignIns.of(options.onSignedOut);
  }

  /** Lists the unfinished uploads that are in no other tab's list, the latest first. The server is not asked. */
  async list(): Promise<Unfinished[]> {
    // In a frame with a sandbox, `query` rejects. The list is then made without locks.
    const locks = await this.#locks?.query().catch(() => undefined);
    const held = new Set(locks?.held?.map(({ name }) => name));
    return (await this.#store.unfinished()).filter((upload) =>
      !held.has(lockName(upload)) && !held.has(listLockName(upload))
    );
  }

  /** Tells the server of the uploads that an earlier page has cancelled without reaching it. */
  async finishCancels(): Promise<void> {
    for (const upload of await this.#store.cancelled()) await this.#tell(upload).catch(() => {});
  }

  /**
   * Asks the server how much of an upload it holds, and gives the upload with that number. If the server cannot be
   * reached, gives the upload as it was. If the upload is finished, forgets it, and gives `undefined`.
   */
  async refresh(unfinished: Unfinished): Promise<Unfinished | undefined> {
    const { meaning } = await this.#requests(unfinished).ask(new AbortController().signal);
    if (meaning.kind === "held") return { ...unfinished, confirmed: meaning.offset };
    if (meaning.kind !== "complete") return unfinished;
    await this.#store.forget([unfinished]);
    return undefined;
  }

  /**
   * Opens the file again by its handle. A browser may ask for permission, and allows that question only after a click.
   * Rejects with an `UploadError` that says what to do when the file is gone or is not the same.
   */
  async open(unfinished: Unfinished): Promise<File> {
    const permitted: PermittedHandle | undefined = unfinished.handle;
    try {
      const permission = await permitted?.requestPermission?.({ mode: "read" }) ?? "granted";
      const file = permission === "granted" ? await permitted?.getFile() : undefined;
      if (file !== undefined && isSameFile(file, unfinished)) return file;
    } catch (error) {
      // The file was moved, or the browser does not give it.
      if (!(error instanceof DOMException)) throw error;
    }
    throw new UploadError(
      "file-changed",
      `"${unfinished.name}" was changed, moved or removed, or may not be read. Choose it again`,
    );
  }

  /**
   * Has the server delete what it has of these uploads, and forgets them. Each is noted as cancelled before the server
   * is told of the first one. If the server cannot be told now, `finishCancels()` tells it on a later page. `onError`
   * gets each upload that could not be cancelled: `elsewhere` means that it is in the list of another tab, where it
   * goes on.
   */
  async cancelAll(all: readonly Unfinished[], onError: (one: Unfinished, error: unknown) => void): Promise<void> {
    const noted: Unfinished[] = [];
    for (const one of all) {
      if (await this.#alone(one, () => this.#store.cancel(one).then(() => true))) noted.push(one);
      else {
        onError(
          one,
          new UploadError("elsewhere", `"${one.name}" is in the list of another tab or window: cancel it there`),
        );
      }
    }
    for (const one of noted) await this.#tell(one).catch((error) => onError(one, error));
  }

  async #tell(unfinished: Unfinished): Promise<void> {
    await this.#alone(unfinished, async () => {
      const isMeant = () => this.#store.isCancelled(unfinished);
      try {
        await cancelOnServer({
          requests: this.#requests(unfinished),
          location: undefined,
          clock: this.#clock,
          random: Math.random,
          signIns: this.#signIns,
          isMeant,
        });
      } catch (error) {
        // A server that refuses now would refuse again.
        if (error instanceof UploadError && !mayCancelLater(error)) {
          await this.#store.forgetCancelled(unfinished);
        }
        throw error;
      }
      await this.#store.forgetCancelled(unfinished);
    });
  }

  async #alone<Result>(one: Unfinished, work: () => Promise<Result>): Promise<Result | undefined> {
    return await this.#exclusive(listLockName(one), () => this.#exclusive(lockName(one), work));
  }

  /** Runs `work` under a lock. Gives `undefined`, and does nothing, when another tab has the lock. */
  async #exclusive<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
    return await exclusive(this.#locks, name, { signal: AbortSignal.abort(), onWait: () => {}, work });
  }

  #requests({ id, url, path, name, size, lastModified }: Unfinished): Requests {
    return createRequests({
      file: { name, size, lastModified, type: "" },
      id: () => Promise.resolve(id),
      path,
      url,
      transport: this.#transport,
      stallMs: 30_000,
      answerMs: 30_000,
      clock: this.#clock,
    });
  }
}
