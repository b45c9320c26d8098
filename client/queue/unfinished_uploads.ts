import { type Clock, systemClock } from "../async/clock.ts";
import { exclusive, listLockName, lockName } from "../memory/locks.ts";
import { cancelOnServer } from "../upload/cancel_on_server.ts";
import { isSameFile } from "../memory/keys.ts";
import type { Unfinished, UploadStore } from "../memory/upload_store.ts";
import { createRequests, type Requests } from "../protocol/requests.ts";
import { type RequestHooks, withHooks } from "../protocol/request_hooks.ts";
import type { Transport } from "../protocol/transport.ts";
import { UploadError } from "../protocol/upload_error.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";

/** Chromium has this method, which asks for permission. TypeScript's types for the DOM do not have it. */
interface PermittedHandle extends FileSystemFileHandle {
  requestPermission?(wanted: { mode: "read" }): Promise<PermissionState>;
}

/** What {@linkcode UnfinishedUploads} works with. */
export interface UnfinishedOptions extends RequestHooks {
  /** What the browser remembers. */
  store: UploadStore;
  /** Carries the requests. Default: XMLHttpRequest. */
  transport?: Transport | undefined;
  /** The locks that show which uploads are in the list of another tab. Default: the browser's locks, if it has any. */
  locks?: Pick<LockManager, "query" | "request"> | undefined;
  /** Default: the machine's. */
  clock?: Clock | undefined;
}

/** The uploads that an earlier page has begun and not finished. */
export class UnfinishedUploads {
  readonly #store: UploadStore;
  readonly #transport: Transport;
  readonly #locks: Pick<LockManager, "query" | "request"> | undefined;
  readonly #clock: Clock;

  /** Asks nobody anything yet. */
  constructor(options: UnfinishedOptions) {
    this.#store = options.store;
    this.#transport = withHooks(options.transport ?? xhrTransport, options);
    this.#locks = options.locks ?? globalThis.navigator?.locks;
    this.#clock = options.clock ?? systemClock;
  }

  /** Those that stand in no other tab's list, the latest first; without asking the server. */
  async list(): Promise<Unfinished[]> {
    // In a frame with a sandbox, `query` rejects. The list is then made without locks.
    const locks = await this.#locks?.query().catch(() => undefined);
    const held = new Set(locks?.held?.map(({ name }) => name));
    return (await this.#store.unfinished()).filter((upload) =>
      !held.has(lockName(upload)) && !held.has(listLockName(upload))
    );
  }

  /** Tells the server of what an earlier page has cancelled and could not tell it. */
  async finishCancels(): Promise<void> {
    for (const upload of await this.#store.cancelled()) await this.#tell(upload).catch(() => {});
  }

  /**
   * Asks the server how much of it is safe: gives it with that count, as it was when the server cannot be reached, and
   * `undefined` when it is finished, and forgotten now.
   */
  async refresh(unfinished: Unfinished): Promise<Unfinished | undefined> {
    const { meaning } = await this.#requests(unfinished).ask(new AbortController().signal);
    if (meaning.kind === "held") return { ...unfinished, confirmed: meaning.offset };
    if (meaning.kind !== "complete") return unfinished;
    await this.#store.forget([unfinished]);
    return undefined;
  }

  /**
   * Opens the file again by its handle; a browser may ask for permission, and allows that question after a click alone.
   * Rejects with an `UploadError` that tells what to do, in a line, when the file is not there any more or not the same.
   */
  async open(unfinished: Unfinished): Promise<File> {
    const permitted: PermittedHandle | undefined = unfinished.handle;
    try {
      const permission = await permitted?.requestPermission?.({ mode: "read" }) ?? "granted";
      const file = permission === "granted" ? await permitted?.getFile() : undefined;
      if (file !== undefined && isSameFile(file, unfinished)) return file;
    } catch (error) {
      // It was moved, or the browser does not give it.
      if (!(error instanceof DOMException)) throw error;
    }
    throw new UploadError(
      "file-changed",
      `"${unfinished.name}" was changed, moved or removed, or may not be read. Choose it again`,
    );
  }

  /**
   * Has the server delete what it has of them, and forgets them. Each is noted as cancelled before the server is told of
   * the first; what cannot be told now is told by `finishCancels()` on a later page. `onError` hears of each upload that
   * could not be cancelled: `elsewhere` means that it stands in the list of another tab, where it goes on.
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
        await cancelOnServer(this.#requests(unfinished), {
          location: undefined,
          clock: this.#clock,
          random: Math.random,
          isMeant,
        });
      } catch (error) {
        // A server that refuses would refuse again.
        if (error instanceof UploadError && error.code !== "no-progress") {
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

  /** Gives `undefined`, and does nothing, when another tab has the lock. */
  async #exclusive<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
    return await exclusive(this.#locks, name, { signal: AbortSignal.abort(), onWait: () => {}, work });
  }

  #requests({ id, url, path, name, size, lastModified }: Unfinished): Requests {
    return createRequests({
      file: { name, size, lastModified, type: "" },
      id,
      path,
      url,
      transport: this.#transport,
      stallMs: 30_000,
      answerMs: 30_000,
      clock: this.#clock,
    });
  }
}
