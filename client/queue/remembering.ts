import { exclusive, holdShared, listLockName, type Locks } from "../memory/locks.ts";
import { Gate } from "./gate.ts";
import type { UploadStore } from "../memory/upload_store.ts";
import type { QueueEntry } from "./queue_entry.ts";
import type { KnownBy } from "../memory/keys.ts";

const SHORTEST_MS = 2000;
/** Each reads a sample of its file, which may lie on a disk that does not answer. */
const AT_A_TIME = 6;

interface Written {
  known: KnownBy;
  confirmed: number;
  /**
   * When it was written, in milliseconds. The first count is written at once, because a short upload has no other.
   */
  at: number;
  /** No earlier page has begun it. `undefined` until that is known. */
  isNew: boolean | undefined;
  /** Tells other tabs that it is in no list of this one any more. */
  gone: AbortController;
  /** Resolves when other tabs have been told. */
  back?: Promise<unknown> | undefined;
}

/** What a queue gives to what keeps its uploads remembered. */
export interface RememberingSetting {
  store: UploadStore;
  /** The server's, empty for the page's own. */
  url: string;
  locks: Locks | undefined;
  /** Hears how much an earlier page knew to be safe of an upload. */
  onKnown: (upload: QueueEntry, confirmed: number) => void;
}

/** Keeps what a {@linkcode UploadStore} knows of the uploads of a queue in step with them. */
export class Remembering {
  readonly #setting: RememberingSetting;
  readonly #written = new Map<QueueEntry, Written>();
  readonly #gone = new WeakSet<QueueEntry>();
  readonly #gate = new Gate(AT_A_TIME);
  readonly #cancelGate = new Gate(AT_A_TIME);
  /** What is being noted as cancelled, by what such files have in common: one may be added again meanwhile. */
  readonly #cancelling = new Map<string, Promise<unknown>>();

  constructor(setting: RememberingSetting) {
    this.#setting = setting;
  }

  /** Remembers an upload, a few at a time. */
  add(upload: QueueEntry, id: () => Promise<string>): void {
    this.#gone.delete(upload);
    // A file that cannot be read has nothing to be gone on with.
    this.#gate.run(() => this.#remember(upload, id)).catch(() => {});
  }

  /** Notes how far an upload is: when it comes to a rest, and every 2 seconds meanwhile. */
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

  /** Whether it is known that the server has nothing of it from an earlier page. */
  isNew(upload: QueueEntry): boolean {
    return this.#written.get(upload)?.isNew === true;
  }

  /** Whether it has been forgotten since it was added, as what would have failed for good. */
  hasGone(upload: QueueEntry): boolean {
    return this.#gone.has(upload);
  }

  /** It has an end: nothing remains to be gone on with. */
  forget(upload: QueueEntry): void {
    const written = this.#written.get(upload);
    if (written !== undefined) this.#setting.store.forget([written.known]);
    this.release(upload);
  }

  /**
   * It is cancelled, which is remembered until `tell` has told the server. What stands in the list of another tab is left
   * alone. Resolves to what `tell` resolves to, or true.
   */
  async cancel(upload: QueueEntry, id: () => Promise<string>, tell: () => Promise<boolean>): Promise<boolean> {
    const { store, url, locks } = this.#setting;
    const back = this.#written.get(upload)?.back;
    this.release(upload);
    const noted = Promise.withResolvers<void>();
    this.#cancelling.set(upload.key, noted.promise);
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
      // Its file cannot be read: nobody knows what the server would know it by.
      return true;
    } finally {
      noted.resolve();
      if (this.#cancelling.get(upload.key) === noted.promise) this.#cancelling.delete(upload.key);
    }
  }

  /** It is not in the queue any more: what is remembered of it stays as it is. */
  release(upload: QueueEntry): void {
    this.#gone.add(upload);
    this.#written.get(upload)?.gone.abort();
    this.#written.delete(upload);
  }

  async #remember(upload: QueueEntry, idOf: () => Promise<string>): Promise<void> {
    if (this.#gone.has(upload)) return;
    const { store, url, locks, onKnown } = this.#setting;
    const known = { url, id: await idOf() };
    await this.#cancelling.get(upload.key);
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

/** The server has nothing of it, and would have nothing at the next try. */
function isHopeless({ state, canRetry, progress: { confirmed } }: QueueEntry): boolean {
  return state === "failed" && !canRetry && confirmed === 0;
}
