// Named here and not only in deno.json, so that programs without the browser's types can import the library.
/// <reference lib="dom" />
import { Database } from "./database.ts";
import type { NetworkPath } from "./network_path.ts";
import { type KnownBy, uploadKey } from "./keys.ts";

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
  /** It was given up, and the server has not been told yet. */
  isDiscarded?: boolean;
}

/** What was learned of a way longer ago counts no more: somebody may have mended it. */
const WAY_DAYS = 7;

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
    return (await this.#all()).filter(({ isDiscarded }) => !isDiscarded).sort((a, b) => b.writtenAt - a.writtenAt);
  }

  /** Those that were given up, of which the server has not been told yet. */
  async discarded(): Promise<Unfinished[]> {
    return (await this.#all()).filter(({ isDiscarded }) => isDiscarded);
  }

  /** Remembers an upload; what was known of it is confirmed still. Gives that, if there was something. */
  async remember(upload: Unfinished): Promise<Unfinished | undefined> {
    let known: Unfinished | undefined;
    await this.#database.change("uploads", uploadKey(upload), (before) => {
      known = before as Unfinished | undefined;
      // What was given up may be deleted by now.
      if (known?.isDiscarded) known = { ...known, confirmed: 0 };
      return { ...upload, confirmed: Math.max(upload.confirmed, known?.confirmed ?? 0) };
    });
    return known;
  }

  /** Notes that a remembered upload is given up, until the server has been told. */
  async discard(upload: KnownBy): Promise<void> {
    await this.#database.change("uploads", uploadKey(upload), (before) => {
      return before === undefined ? undefined : { ...before as Unfinished, isDiscarded: true };
    });
  }

  /** Whether it is given up, and has not been begun again since. */
  async isDiscarded(upload: KnownBy): Promise<boolean> {
    return (await this.#database.get("uploads", uploadKey(upload)) as Unfinished | undefined)?.isDiscarded === true;
  }

  /** Forgets an upload that was given up, unless it has been begun again since. */
  async forgetDiscarded(upload: KnownBy): Promise<void> {
    await this.#database.change("uploads", uploadKey(upload), (before) => {
      return (before as Unfinished | undefined)?.isDiscarded ? null : undefined;
    });
  }

  /** Notes how far a remembered upload is. */
  async confirm(upload: KnownBy, confirmed: number): Promise<void> {
    await this.#database.change("uploads", uploadKey(upload), (before) => {
      if (before === undefined) return undefined;
      // What gains bytes is not given up, whatever another tab has said before.
      const { isDiscarded: _, ...kept } = before as Unfinished;
      return { ...kept, confirmed, writtenAt: Date.now() };
    });
  }

  async forget(uploads: readonly KnownBy[]): Promise<void> {
    await this.#database.delete("uploads", uploads.map(uploadKey));
  }

  /** What is known of the way to a server. */
  async way(origin: string): Promise<NetworkPath> {
    const known = await this.#database.get("ways", origin) as { way: NetworkPath; learnedAt: number } | undefined;
    return known !== undefined && Date.now() - known.learnedAt < WAY_DAYS * 86_400_000 ? known.way : {};
  }

  async learn(origin: string, way: NetworkPath): Promise<void> {
    await this.#database.put("ways", [[origin, { way, learnedAt: Date.now() }]]);
  }

  /** A choice of the person who uploads, such as the language. */
  async setting(name: string): Promise<string | undefined> {
    const value = await this.#database.get("settings", name);
    return typeof value === "string" ? value : undefined;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#database.put("settings", [[name, value]]);
  }

  async #all(): Promise<Unfinished[]> {
    return await this.#database.all("uploads") as Unfinished[] | undefined ?? [];
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
