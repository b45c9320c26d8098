// The types of the DOM are named here, not only in deno.json, so that programs without them can import the library.
/// <reference lib="dom" preserve="true" />
import { allIn, Database, deleteIn } from "./database.ts";
import { type KnownBy, uploadKey } from "./keys.ts";
import type { NetworkPath } from "./network_path.ts";
import { PathStore, type UploaderStore } from "./path_store.ts";

/** The record of an upload that has begun and is not finished. */
export interface Unfinished extends KnownBy {
  /** The file's name. */
  name: string;
  /** Its size in bytes. */
  size: number;
  /** Its time of last change, in milliseconds since 1970. */
  lastModified: number;
  /** The path inside the folder that is uploaded. */
  path?: string;
  /** How many bytes the server had confirmed when this was written. */
  confirmed: number;
  /** When this was written, in milliseconds since 1970. */
  writtenAt: number;
  /** Opens the file again with a permission and without a new choice. Not every browser gives it. */
  handle?: FileSystemFileHandle;
}

/**
 * An upload as it is in the database. Its names must not change, because a page of another version may use the same
 * database. `isDiscarded` marks a cancelled upload of which the server has not been told yet.
 */
interface StoredUpload extends Unfinished {
  isDiscarded?: boolean;
}

/** The place where an {@linkcode UploadStore} keeps its records. */
export interface UploadStoreOptions {
  /** The database. Default: the IndexedDB of the browser. */
  factory?: IDBFactory | undefined;
  /** The name of the database. Uploads of another one are not seen. Default `pawl`. */
  name?: string | undefined;
  /** How long it may take to remember something, in milliseconds. Default 3000. */
  patienceMs?: number | undefined;
}

/**
 * The uploads, the network paths and the choices that a browser remembers from one page to the next, in IndexedDB. If
 * the browser keeps nothing, then nothing is remembered, and nothing fails.
 */
export class UploadStore implements UploaderStore {
  readonly #database: Database;
  readonly #paths: PathStore;

  /** Opens nothing yet. The database is opened at its first use. */
  constructor({ factory, name, patienceMs }: UploadStoreOptions = {}) {
    this.#database = new Database(factory, name, patienceMs);
    this.#paths = new PathStore(this.#database);
  }

  /** Gives 32 hexadecimal digits that this browser alone knows; an empty text if the browser keeps nothing. */
  secret(): Promise<string> {
    return this.#paths.secret();
  }

  /** Lists the unfinished uploads, the latest first. */
  async unfinished(): Promise<Unfinished[]> {
    return (await this.#all()).filter(({ isDiscarded }) => !isDiscarded).sort((a, b) => b.writtenAt - a.writtenAt);
  }

  /** Lists the cancelled uploads of which the server has not been told yet. */
  async cancelled(): Promise<Unfinished[]> {
    return (await this.#all()).filter(({ isDiscarded }) => isDiscarded);
  }

  /** Remembers an upload. If it was known before, its confirmed bytes stay confirmed, and this gives what was known. */
  async remember(upload: Unfinished): Promise<Unfinished | undefined> {
    let known: Unfinished | undefined;
    await this.#change(upload, (before) => {
      // The server may have deleted a cancelled upload by now.
      known = before?.isDiscarded ? { ...before, confirmed: 0 } : before;
      return { ...upload, confirmed: Math.max(upload.confirmed, known?.confirmed ?? 0) };
    });
    return known;
  }

  /** Notes that a remembered upload is cancelled, until the server has been told. */
  async cancel(upload: KnownBy): Promise<void> {
    await this.#change(upload, (before) => before && { ...before, isDiscarded: true });
  }

  /** True for an upload that was cancelled and not begun again since. */
  async isCancelled(upload: KnownBy): Promise<boolean> {
    return (await this.#database.get("uploads", uploadKey(upload)) as StoredUpload | undefined)?.isDiscarded === true;
  }

  /** Forgets an upload that was cancelled, unless it has been begun again since. */
  async forgetCancelled(upload: KnownBy): Promise<void> {
    const key = uploadKey(upload);
    await this.#database.change("uploads", key, (before, objects) => {
      if ((before as StoredUpload | undefined)?.isDiscarded) objects.delete(key);
      return undefined;
    });
  }

  /** Notes how far a remembered upload is. */
  async confirm(upload: KnownBy, confirmed: number): Promise<void> {
    await this.#change(upload, (before) => {
      if (before === undefined) return undefined;
      // An upload that gains bytes is not cancelled, whatever another tab has said before.
      const { isDiscarded: _, ...kept } = before;
      return { ...kept, confirmed, writtenAt: Date.now() };
    });
  }

  /** Forgets uploads, whatever is known of them. */
  async forget(uploads: readonly KnownBy[]): Promise<void> {
    await deleteIn(this.#database, "uploads", uploads.map(uploadKey));
  }

  /** Gives the known limits of the network path to a server. */
  networkPath(origin: string): Promise<NetworkPath> {
    return this.#paths.networkPath(origin);
  }

  /** Remembers what was learned of the network path to a server. */
  learn(origin: string, path: NetworkPath): Promise<void> {
    return this.#paths.learn(origin, path);
  }

  /** Gives a choice of the person who uploads, such as to look at files before they are sent. */
  async setting(name: string): Promise<string | undefined> {
    const value = await this.#database.get("settings", name);
    return typeof value === "string" ? value : undefined;
  }

  /** Remembers such a choice. */
  async set(name: string, value: string): Promise<void> {
    await this.#database.put("settings", name, value);
  }

  async #change(
    upload: KnownBy,
    next: (before: StoredUpload | undefined) => StoredUpload | undefined,
  ): Promise<void> {
    await this.#database.change("uploads", uploadKey(upload), (before) => next(before as StoredUpload | undefined));
  }

  async #all(): Promise<StoredUpload[]> {
    return await allIn(this.#database, "uploads") as StoredUpload[] | undefined ?? [];
  }
}
