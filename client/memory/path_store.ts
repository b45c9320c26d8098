// The types of the DOM are named here, not only in deno.json, so that programs without them can import the library.
/// <reference lib="dom" preserve="true" />
import { Database } from "./database.ts";
import type { NetworkPath } from "./network_path.ts";

/** The things that an `Uploader` remembers from one page to the next. Every `UploadStore` has them. */
export interface UploaderStore {
  /** Gives 32 hexadecimal digits that this browser alone knows; an empty text if the browser keeps nothing. */
  secret(): Promise<string>;
  /** Gives the known limits of the network path to a server. */
  networkPath(origin: string): Promise<NetworkPath>;
  /** Remembers what was learned of the network path to a server. */
  learn(origin: string, path: NetworkPath): Promise<void>;
}

/**
 * A network path as it is in the database, in the object store `ways`. These names differ from those in the code, and
 * must not change, because a page of another version may use the same database.
 */
interface StoredPath {
  way: NetworkPath;
  learnedAt: number;
}

/** Knowledge of a network path that is older than a week is ignored: somebody may have mended the path. */
const LONGEST_KNOWLEDGE_MS = 7 * 86_400_000;

/** The secret of a browser and the network paths that it knows. A page that uploads single files loads no more. */
export class PathStore implements UploaderStore {
  readonly #database: Database;
  #secret: Promise<string> | undefined;

  constructor(database = new Database()) {
    this.#database = database;
  }

  secret(): Promise<string> {
    return this.#secret ??= this.#database
      .change("settings", "secret", (before) => typeof before === "string" ? before : randomDigits())
      .then((secret) => secret ?? "");
  }

  async networkPath(origin: string): Promise<NetworkPath> {
    const known = await this.#database.get("ways", origin) as StoredPath | undefined;
    return known !== undefined && Date.now() - known.learnedAt < LONGEST_KNOWLEDGE_MS ? known.way : {};
  }

  async learn(origin: string, path: NetworkPath): Promise<void> {
    await this.#database.put("ways", origin, { way: path, learnedAt: Date.now() });
  }
}

function randomDigits(): string {
  const made = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(made, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
