import type { Memory } from "./memory.ts";
import type { QueuedUpload } from "./queued_upload.ts";

const SHORTEST_SECONDS = 2;

/** Keeps what a {@linkcode Memory} knows of the uploads of a queue in step with them. */
export class Remembering {
  readonly #memory: Memory;
  readonly #url: string;
  /** What each is remembered by, and what was written of it last. */
  readonly #written = new Map<QueuedUpload, { id: string; confirmed: number; at: number }>();
  readonly #left = new WeakSet<QueuedUpload>();
  #before: Promise<void> = Promise.resolve();

  /** `url` is the server's, empty for the page's own. */
  constructor(memory: Memory, url: string) {
    this.#memory = memory;
    this.#url = url;
  }

  /** Remembers an upload, after those that were added before. */
  add(upload: QueuedUpload, id: () => Promise<string>): void {
    // A file that cannot be read has nothing to be gone on with.
    this.#before = this.#before.then(() => this.#remember(upload, id)).catch(() => {});
  }

  /** Notes how far an upload is: when it comes to a rest, and every 2 seconds meanwhile. */
  note(upload: QueuedUpload): void {
    if (upload.state === "done") return this.forget(upload);
    const written = this.#written.get(upload);
    const { confirmed } = upload.progress;
    if (written === undefined || written.confirmed === confirmed) return;
    const now = performance.now() / 1000;
    if (upload.isActive && now - written.at < SHORTEST_SECONDS) return;
    this.#written.set(upload, { ...written, confirmed, at: now });
    this.#memory.confirm({ url: this.#url, id: written.id }, confirmed);
  }

  /** It has an end: nothing is left to be gone on with. */
  forget(upload: QueuedUpload): void {
    const written = this.#written.get(upload);
    if (written !== undefined) this.#memory.forget([{ url: this.#url, id: written.id }]);
    this.leave(upload);
  }

  /** It is not in the queue any more: what is remembered of it stays as it is. */
  leave(upload: QueuedUpload): void {
    this.#left.add(upload);
    this.#written.delete(upload);
  }

  async #remember(upload: QueuedUpload, idOf: () => Promise<string>): Promise<void> {
    if (this.#left.has(upload)) return;
    const id = await idOf();
    if (this.#left.has(upload)) return;
    const { file: { name, size, lastModified }, path, handle } = upload;
    const { confirmed } = upload.progress;
    // The first that is confirmed is written at once: of an upload of a few seconds there is no other.
    this.#written.set(upload, { id, confirmed, at: -Infinity });
    await this.#memory.remember([{
      id,
      url: this.#url,
      name,
      size,
      lastModified,
      confirmed,
      writtenAt: Date.now(),
      ...path !== name && { path },
      ...handle !== undefined && { handle },
    }]);
  }
}
