// The types of the DOM are named here, not only in deno.json, so that programs without them can import the library.
/// <reference lib="dom" preserve="true" />
import { deferred } from "../async/deferred.ts";

/** The stores that Pawl keeps in a browser. */
export type StoreName = "uploads" | "ways" | "settings";

const STORES: readonly StoreName[] = ["uploads", "ways", "settings"];

/** A database can stop answering and report no error, for example when another tab deletes it. */
const PATIENCE_MS = 3000;

/**
 * The browser's IndexedDB. Every method resolves to `undefined` if nothing can be kept (in a private window, on a full
 * disk, in a program that is no browser), or if the browser does not answer in time. No upload fails because of it: an
 * upload only gains from what is remembered.
 */
export class Database {
  readonly #factory: IDBFactory | undefined;
  readonly #name: string;
  readonly #patienceMs: number;
  #opened: Promise<IDBDatabase> | undefined;
  /** True when the last transaction was not in time. Nobody waits for the next one then. */
  #isHanging = false;

  /** Opens nothing yet. */
  constructor(factory = browserFactory(), name = "pawl", patienceMs = PATIENCE_MS) {
    this.#factory = factory;
    this.#name = name;
    this.#patienceMs = patienceMs;
  }

  async get(store: StoreName, key: string): Promise<unknown> {
    return (await this.run(store, "readonly", (objects) => objects.get(key)))?.result;
  }

  async put(store: StoreName, key: string, value: unknown): Promise<void> {
    await this.change(store, key, () => value);
  }

  /**
   * Reads the value of `key`, passes it to `next`, and keeps what `next` gives, all in one transaction. If `next` gives
   * `undefined`, the value stays as it is, but for what `next` itself does with `objects`. The result is what `next` gave.
   */
  async change<Value>(
    store: StoreName,
    key: string,
    next: (before: unknown, objects: IDBObjectStore) => Value | undefined,
  ): Promise<Value | undefined> {
    let after: Value | undefined;
    const done = await this.run(store, "readwrite", (objects) => {
      const look = objects.get(key);
      look.onsuccess = () => {
        after = next(look.result, objects);
        if (after !== undefined) objects.put(after, key);
      };
    });
    return done && after;
  }

  /** Runs a transaction. Gives `undefined` when it did not succeed. */
  async run<Result>(
    store: StoreName,
    mode: IDBTransactionMode,
    work: (objects: IDBObjectStore) => IDBRequest<Result> | void,
  ): Promise<{ result: Result | undefined } | undefined> {
    const late = deferred<undefined>();
    const timer = setTimeout(() => {
      this.#isHanging = true;
      late.resolve(undefined);
    }, this.#isHanging ? 0 : this.#patienceMs);
    try {
      return await Promise.race([this.#transact(store, mode, work), late.promise]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #transact<Result>(
    store: StoreName,
    mode: IDBTransactionMode,
    work: (objects: IDBObjectStore) => IDBRequest<Result> | void,
  ): Promise<{ result: Result | undefined }> {
    const transaction = await this.#begin(store, mode);
    const request = work(transaction.objectStore(store));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    this.#isHanging = false;
    return { result: request?.result };
  }

  /**
   * Begins a transaction. If the database could not be opened, or was closed since, opens it once more: another tab may
   * have deleted it, and browsers lose it while a page sleeps.
   */
  async #begin(store: StoreName, mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return (await (this.#opened ??= this.#open())).transaction(store, mode);
    } catch {
      return (await (this.#opened = this.#open())).transaction(store, mode);
    }
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      // Without IndexedDB, this throws.
      const request = this.#factory!.open(this.#name, 1);
      request.onupgradeneeded = () => {
        for (const store of STORES) request.result.createObjectStore(store);
      };
      request.onsuccess = () => {
        const database = request.result;
        // A newer Pawl in another tab must not wait for this one.
        database.onversionchange = () => database.close();
        resolve(database);
      };
      request.onerror = () => reject(request.error);
    });
  }
}

function browserFactory(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    // Some browsers throw if they were told to keep nothing.
    return undefined;
  }
}

/** Gives all values of a store. These functions are no methods, so that pages that do not call them do not load them. */
export async function allIn(database: Database, store: StoreName): Promise<unknown[] | undefined> {
  return (await database.run(store, "readonly", (objects) => objects.getAll()))?.result;
}

/** Deletes the values of some keys. */
export async function deleteIn(database: Database, store: StoreName, keys: readonly string[]): Promise<void> {
  await database.run(store, "readwrite", (objects) => {
    for (const key of keys) objects.delete(key);
  });
}
