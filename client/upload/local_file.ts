import type { Clock } from "../async/clock.ts";
import { bytesOf } from "./bytes_of.ts";
import { fileChanged } from "../protocol/upload_error.ts";
import { waitToRetry } from "./retry.ts";

/** How often a read that failed is tried again before it is believed, and after how long. */
const AGAIN_TIMES = 2;
const AGAIN_MS = 1000;

/** A file on this computer, which may be changed, moved or removed at any moment. */
export class LocalFile {
  readonly file: File;
  readonly #clock: Clock;

  constructor(file: File, clock: Clock) {
    this.file = file;
    this.#clock = clock;
  }

  /**
   * Resolves when `part` of the file can be read, as its first and last byte tell. Rejects with an `UploadError` of code
   * `file-changed` when it cannot: browsers report such a file as a broken network. A page that the browser has frozen
   * can read nothing until it is shown again, so a read that fails is tried again before it is believed.
   */
  async look(part: Blob): Promise<void> {
    for (let times = 0;; times++) {
      try {
        return await readEnds(part);
      } catch (cause) {
        if (times === AGAIN_TIMES) throw fileChanged(this.file.name, cause);
      }
      await waitToRetry(this.#clock, AGAIN_MS);
    }
  }

  /**
   * Gives what `read` makes of `part`. One failure may be the browser's, and is tried again. Rejects as
   * {@linkcode look} does, or as `read` does when the part is there and cannot be read all the same.
   */
  async read<Result>(part: Blob, read: (part: Blob) => Promise<Result>): Promise<Result> {
    try {
      return await read(part);
    } catch {
      await this.look(part);
      return await read(part);
    }
  }
}

/** A file that was cut short still has its first byte. */
async function readEnds(part: Blob): Promise<void> {
  for (const at of new Set([0, part.size - 1])) {
    if (part.size > 0) await bytesOf(part.slice(at, at + 1));
  }
}
