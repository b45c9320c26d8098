import type { QueuedUpload } from "../mod.ts";
import { onServer } from "./server.ts";

/** How many files are asked about at a time: uploads need the connections. */
const AT_A_TIME = 2;

/**
 * The names that finished files have on the server. Another file may have had the name before, and the server gives the
 * second one a number.
 */
export class SavedNames {
  readonly #known = new Map<QueuedUpload, string | undefined>();
  readonly #wanted: QueuedUpload[] = [];
  readonly #onKnown: (upload: QueuedUpload, name: string) => void;
  #asking = 0;

  /** `onKnown` is called when the name of an upload is known that differs from its own. */
  constructor(onKnown: (upload: QueuedUpload, name: string) => void) {
    this.#onKnown = onKnown;
  }

  /** The name on the server, if it is another one. The server is asked at the first call. */
  of(upload: QueuedUpload): string | undefined {
    if (upload.state !== "done" || upload.location === undefined) return undefined;
    if (!this.#known.has(upload)) {
      this.#known.set(upload, undefined);
      this.#wanted.push(upload);
      this.#askNext();
    }
    return this.#known.get(upload);
  }

  async #askNext(): Promise<void> {
    if (this.#asking >= AT_A_TIME) return;
    const upload = this.#wanted.shift();
    if (upload?.location === undefined) return;
    this.#asking++;
    const name = await nameAt(upload.location);
    this.#asking--;
    if (name !== undefined && !looksLike(name, upload.path.split("/").at(-1)!)) {
      this.#known.set(upload, name);
      this.#onKnown(upload, name);
    }
    this.#askNext();
  }
}

/** True for names that nobody can tell apart. Macs write an accent as a character of its own, the server does not. */
function looksLike(one: string, other: string): boolean {
  return one.normalize() === other.normalize();
}

/** The name of the finished file at `location`; `undefined` when the server does not say it. */
export async function nameAt(location: string): Promise<string | undefined> {
  try {
    const answer = await fetch(onServer(location), { method: "HEAD" });
    return answer.ok ? nameIn(answer.headers.get("content-disposition") ?? "") : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the name from `Content-Disposition` (RFC 6266, section 4.3). */
export function nameIn(disposition: string): string | undefined {
  const encoded = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
