// Named here and not only in deno.json, so that programs without the browser's types can import the library.
/// <reference lib="dom" />
import { Database } from "./database.ts";
import type { Way } from "./request_sizes.ts";
import { type KnownBy, uploadKey } from "./upload_key.ts";

/** What is remembered of an upload that has been begun and is not finished. */
export interface Unfinished extends KnownBy {
  name: string;
  size: number;
  /** In milliseconds, as files tell it. */
  lastModified: number;
  /** The path inside the folder that is uploaded. */
  path?: string;
  /** The bytes that the server had confirmed when this was written. */
  confirmed: number;
  /** When this was written, in milliseconds. */
  writtenAt: number;
  /** The way to the file on this computer, where the browser gives one: it needs no new choice, only a permission. */
  handle?: FileSystemFileHandle;
}

/** Where a {@linkcode Memory} is kept. */
export interface MemoryOptions {
  /** Default: the browser's. */
  factory?: IDBFactory | undefined;
  /** The database's name. Default: pawl. */
  name?: string;
  /** How long it may take to remember something. Default 3. */
  patienceSeconds?: number;
}

/**
 * What a browser remembers from one page to the next, in IndexedDB. Where nothing can be kept, nothing is remembered
 * and nothing fails.
 */
export class Memory {
  readonly #database: Database;
  #secret: Promise<string> | undefined;

  constructor({ factory = browserFactory(), name = "pawl", patienceSeconds }: MemoryOptions = {}) {
    this.#database = new Database(factory, name, patienceSeconds);
  }

  /** 32 hexadecimal digits that this browser alone knows; empty where nothing can be kept. */
  secret(): Promise<string> {
    const made = crypto.getRandomValues(new Uint8Array(16));
    const digits = Array.from(made, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#secret ??= this.#database
      .change("settings", "secret", (before) => typeof before === "string" ? before : digits)
      .then((secret) => secret ?? "");
    return this.#secret;
  }

  /** The unfinished uploads, the latest first. */
  async unfinished(): Promise<Unfinished[]> {
    const all = await this.#database.all("uploads") as Unfinished[] | undefined ?? [];
    return all.sort((a, b) => b.writtenAt - a.writtenAt);
  }

  async remember(uploads: readonly Unfinished[]): Promise<void> {
    await this.#database.put("uploads", uploads.map((upload) => [uploadKey(upload), upload]));
  }

  /** Notes how far a remembered upload is. */
  async confirm(upload: KnownBy, confirmed: number): Promise<void> {
    await this.#database.change("uploads", uploadKey(upload), (before) => {
      return before === undefined ? undefined : { ...before as Unfinished, confirmed, writtenAt: Date.now() };
    });
  }

  async forget(uploads: readonly KnownBy[]): Promise<void> {
    await this.#database.delete("uploads", uploads.map(uploadKey));
  }

  /** What is known of the way to a server. */
  async way(origin: string): Promise<Way> {
    return await this.#database.get("ways", origin) as Way | undefined ?? {};
  }

  async learn(origin: string, way: Way): Promise<void> {
    await this.#database.put("ways", [[origin, way]]);
  }

  /** A choice of the person who uploads, such as the language. */
  async setting(name: string): Promise<string | undefined> {
    const value = await this.#database.get("settings", name);
    return typeof value === "string" ? value : undefined;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#database.put("settings", [[name, value]]);
  }
}

function browserFactory(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    // Some browsers throw where they are told to keep nothing.
    return undefined;
  }
}
