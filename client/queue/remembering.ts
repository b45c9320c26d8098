import { deferred } from "../async/deferred.ts";
import { exclusive, holdShared, listLockName, type Locks } from "../memory/locks.ts";
import { Gate } from "./gate.ts";
import type { UploadStore } from "../memory/upload_store.ts";
import type { QueueEntry } from "./queue_entry.ts";
import type { KnownBy } from "../memory/keys.ts";

const SHORTEST_MS = 2000;
/** How many uploads are noted at a time. For each a sample of its file is read, and a disk may not answer. */
const AT_A_TIME = 6;

interface Written {
  known: KnownBy;
  confirmed: number;
  /**
   * When it was written, in milliseconds. The first count is written at once, because a short upload has no other.
   */
  at: number;
  /** True when no earlier page has begun it; `undefined` before that is known. */
  isNew: boolean | undefined;
  /** Aborts when the upload is no longer in this tab's list. The shared lock ends then. */
  gone: AbortController;
  /** Resolves when the shared lock has ended. */
  back?: Promise<unknown> | undefined;
}

/** The things that a {@linkcode Remembering} works with. */
export interface RememberingSetting {
  store: UploadStore;
  /** The address of the server; empty for the server that the page came from. */
  url: string;
  locks: Locks | undefined;
  /** Called with the bytes of an upload that an earlier page knew to be confirmed. */
  onKnown: (upload: QueueEntry, confirmed: number) => void;
}

/** Keeps the records in an {@linkcode UploadStore} in step with the uploads of a queue. */
export class Remembering {
  readonly #setting: RememberingSetting;
  readonly #written = new Map<QueueEntry, Written>();
  readonly #gone = new WeakSet<QueueEntry>();
  readonly #gate = new Gate(AT_A_TIME);
  readonly #cancelGate = new Gate(AT_A_TIME);
  /** The cancels that are being noted, by the key of their files. A file may be added again meanwhile. */
  readonly #cancelling = new Map<string, Promise<unknown>>();

  constructor(setting: RememberingSetting) {
    this.#setting = setting;
  }

  /** Remembers an upload, a few at a time. */
  add(upload: QueueEntry, id: () => Promise<string>): void {
    this.#gone.delete(upload);
    // If the file cannot be read, there is nothing to remember.
    this.#gate.run(() => this.#remember(upload, id)).catch(() => {});
  }

  /** Notes how many bytes are confirmed: when the upload comes to rest, and every 2 seconds before that. */
  note(upload: QueueEntry): void {
    if (upload.state === "done" || isHopeless(upload)) return this.forget(upload);
    const written = this.#written.get(upload);
    const { confirmed } = upload.progress;
    if (written === undefined || written.confirmed === confirmed) return;
    const now = performance.now();
    if (upload.isActive && now - written.at < SHORTEST_MS) return;
    written.confirmed = confirmed;
    written.at = now;
    this.#setting.store.confirm(written.known, confirmed);
  }

  /** True when the server is known to have nothing of it from an earlier page. */
  isNew(upload: QueueEntry): boolean {
    return this.#written.get(upload)?.isNew === true;
  }

  /** True when it has been forgotten since it was added. An upload that failed for good is forgotten. */
  hasGone(upload: QueueEntry): boolean {
    return this.#gone.has(upload);
  }

  /** Forgets an upload that has ended. */
  forget(upload: QueueEntry): void {
    const written = this.#written.get(upload);
    if (written !== undefined) this.#setting.store.forget([written.known]);
    this.release(upload);
  }

  /**
   * Remembers that an upload is cancelled, until `tell` has told the server. An upload in the list of another tab is
   * not touched. Resolves to the result of `tell`, or to true.
   */
  async cancel(upload: QueueEntry, id: () => Promise<string>, tell: () => Promise<boolean>): Promise<boolean> {
    const { store, url, locks } = this.#setting;
    const back = this.#written.get(upload)?.back;
    this.release(upload);
    const noted = deferred<void>();
    this.#cancelling.set(upload.fileKey, noted.promise);
    try {
      await back;
      const known = { url, id: await this.#cancelGate.run(id) };
      const work = async () => {
        await this.#cancelGate.run(() => store.cancel(known));
        noted.resolve();
        const told = await tell();
        if (told) await this.#cancelGate.run(() => store.forgetCancelled(known));
        return told;
      };
      return await exclusive(locks, listLockName(known), { signal: AbortSignal.abort(), onWait() {}, work }) ?? true;
    } catch {
      // The file cannot be read, so nobody knows its id on the server.
      return true;
    } finally {
      noted.resolve();
      if (this.#cancelling.get(upload.fileKey) === noted.promise) this.#cancelling.delete(upload.fileKey);
    }
  }

  /** Lets go of an upload that is no longer in the queue. Its record stays as it is. */
  release(upload: QueueEntry): void {
    this.#gone.add(upload);
    this.#written.get(upload)?.gone.abort();
    this.#written.delete(upload);
  }

  async #remember(upload: QueueEntry, idOf: () => Promise<string>): Promise<void> {
    if (this.#gone.has(upload)) return;
    const { store, url, locks, onKnown } = this.#setting;
    const known = { url, id: await idOf() };
    await this.#cancelling.get(upload.fileKey);
    if (this.#gone.has(upload)) return;
    const { file: { name, size, lastModified }, path, handle } = upload;
    const { confirmed } = upload.progress;
    const written: Written = { known, confirmed, at: -Infinity, isNew: undefined, gone: new AbortController() };
    this.#written.set(upload, written);
    written.back = holdShared(locks, listLockName(known), written.gone.signal);
    const before = await store.remember({
      ...known,
      name,
      size,
      lastModified,
      confirmed,
      writtenAt: Date.now(),
      ...path !== name && { path },
      ...handle !== undefined && { handle },
    });
    written.isNew = before === undefined;
    if (before !== undefined && !this.#gone.has(upload)) onKnown(upload, before.confirmed);
  }
}

/** True when the server has nothing of a failed upload, and another try would fail too. */
function isHopeless({ state, canRetry, progress: { confirmed } }: QueueEntry): boolean {
  return state === "failed" && !canRetry && confirmed === 0;
}
