import type { Clock } from "../async/clock.ts";
import { bytesOf } from "./bytes_of.ts";
import { fileChanged } from "../protocol/upload_error.ts";
import { waitToRetry } from "./retry.ts";

/** How often a failed read is tried again before the file counts as gone. */
const AGAIN_TIMES = 2;
/** The delay before each further read. */
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
   * Resolves when the first and the last byte of `part` can be read. Otherwise rejects with an `UploadError` of code
   * `file-changed`. (Browsers report such a file as a broken network.) A failed read is tried again first, because a
   * page that the browser has frozen can read nothing until it is shown again.
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
   * Gives the result of `read` for `part`. If `read` fails once, it is tried again, because the fault may be the
   * browser's. Rejects as {@linkcode look} does, or with the second error of `read` when the part can be read.
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

/** Reads both ends, because a file that was cut short still has its first byte. */
async function readEnds(part: Blob): Promise<void> {
  for (const at of new Set([0, part.size - 1])) {
    if (part.size > 0) await bytesOf(part.slice(at, at + 1));
  }
}
