import type { QueuedUpload } from "../mod.ts";
import { browserStorage } from "./browser_storage.ts";
import type { EarlierFile } from "./earlier_files.ts";
import { nameHere, onServer } from "./server.ts";

const KEY = nameHere("pawl-finished");
const MOST = 100;
const SOON_MS = 500;

/** A finished file, as this browser remembers it. */
export interface FinishedFile {
  path: string;
  bytes: number;
  /** In milliseconds since 1970. */
  finishedAt: number;
  location: string;
}

/**
 * The files that were finished from this browser, the latest first, where nobody signs in: the server gives no list
 * there. The latest hundred are remembered. A browser that keeps nothing remembers none.
 */
export class FinishedHere {
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;
  #added: FinishedFile[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: Pick<Storage, "getItem" | "setItem"> | undefined = browserStorage()) {
    this.#storage = storage;
    globalThis.addEventListener?.("pagehide", () => this.#write());
  }

  get files(): FinishedFile[] {
    return [...this.#added, ...this.#read()].slice(0, MOST);
  }

  /** Remembers a file. Of thousands that come together, not each is written by itself. */
  add(file: FinishedFile): void {
    this.#added = [file, ...this.#added.filter(({ location }) => location !== file.location)].slice(0, MOST);
    this.#timer ??= setTimeout(() => this.#write(), SOON_MS);
  }

  /** Remembers an upload that is done, under the `name` that it has on the server if that is another one. */
  note({ path, location, progress: { total } }: QueuedUpload, name?: string): void {
    if (location === undefined) return;
    const place = name === undefined ? path : path.slice(0, path.lastIndexOf("/") + 1) + name;
    this.add({ path: place, bytes: total, finishedAt: Date.now(), location });
  }

  /** Forgets the files that are gone. */
  forget(gone: ReadonlySet<string>): void {
    this.#added = this.#added.filter(({ location }) => !gone.has(location));
    this.#write(gone);
  }

  #write(gone: ReadonlySet<string> = new Set()): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#added.length === 0 && gone.size === 0) return;
    // Another tab may have written meanwhile.
    const known = new Set(this.#added.map(({ location }) => location));
    const before = this.#read().filter(({ location }) => !known.has(location) && !gone.has(location));
    try {
      this.#storage?.setItem(KEY, JSON.stringify([...this.#added, ...before].slice(0, MOST)));
      this.#added = [];
    } catch {
      // There is no room.
    }
  }

  #read(): FinishedFile[] {
    try {
      const kept: unknown = JSON.parse(this.#storage?.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isFinishedFile) : [];
    } catch {
      return [];
    }
  }
}

/**
 * Gives the files as the list shows them, without those that are no longer on the server. `ask` makes a request, by the
 * browser's `fetch` unless it is given.
 */
export async function listFinishedHere(
  here: FinishedHere,
  ask: (url: string, options: { method: string }) => Promise<Response> = fetch,
): Promise<EarlierFile[]> {
  const gone = new Set<string>();
  const files = await Promise.all(here.files.map(async (file) => {
    const answer = await ask(onServer(file.location), { method: "HEAD" }).catch(() => undefined);
    if (answer?.status === 404 || answer?.status === 410) gone.add(file.location);
    return file;
  }));
  if (gone.size > 0) here.forget(gone);
  return files.filter(({ location }) => !gone.has(location)).map(({ path, bytes, finishedAt, location }) => ({
    path,
    bytes,
    finishedAt: new Date(finishedAt),
    location,
    async delete() {
      const { ok, status } = await ask(onServer(location), { method: "DELETE" });
      if (!ok && status !== 404 && status !== 410) throw new Error(`The server has refused this (${status})`);
      here.forget(new Set([location]));
    },
  }));
}

function isFinishedFile(value: unknown): value is FinishedFile {
  if (typeof value !== "object" || value === null) return false;
  const { path, bytes, finishedAt, location } = value as Partial<FinishedFile>;
  return typeof path === "string" && typeof bytes === "number" && typeof finishedAt === "number" &&
    typeof location === "string" && /^\/files\/[\w-]+$/.test(location);
}
