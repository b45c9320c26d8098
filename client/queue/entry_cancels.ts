import type { Clock } from "../async/clock.ts";
import { TRIES, wouldHelp } from "../upload/cancel_on_server.ts";
import { retryDelayMs, waitToRetry } from "../upload/retry.ts";
import type { Uploader } from "../upload/uploader.ts";
import { Cancels } from "./cancels.ts";
import type { QueueEntry } from "./queue_entry.ts";
import type { Remembering } from "./remembering.ts";
import { isLarge } from "./turns.ts";

/** The things that {@linkcode EntryCancels} work with. */
export interface EntryCancelsDeps {
  /** How many cancels the server is told of at a time. */
  most: number;
  remembering: Remembering;
  /** Gives the uploader of an upload. */
  uploaderOf: (upload: QueueEntry) => Uploader;
  clock: Clock;
  random: () => number;
}

/** Cancels uploads of a queue: those that the server may have something of are deleted there. */
export class EntryCancels {
  readonly #deps: EntryCancelsDeps;
  readonly #cancels: Cancels;

  constructor(deps: EntryCancelsDeps) {
    this.#deps = deps;
    this.#cancels = new Cancels(deps.most);
  }

  /** Resolves when no cancel of a file with that key is under way any more; `undefined` when none is now. */
  of(key: string): Promise<unknown> | undefined {
    return this.#cancels.of(key);
  }

  /** Cancels an upload that is not done, and forgets it. */
  cancel(upload: QueueEntry): void {
    const { remembering, uploaderOf } = this.#deps;
    const { batch, fileKey: key } = upload;
    if (batch !== undefined) {
      this.#cancels.add(key, uploaderOf(upload), (tell) => batch.over.then(() => this.#afterBatch(upload, tell)));
    } else if (!upload.hasRun && (!isLarge(upload) || remembering.isNew(upload))) {
      remembering.forget(upload);
    } else if (isLarge(upload)) {
      const uploader = uploaderOf(upload);
      this.#cancels.add(key, uploader, (tell) => remembering.cancel(upload, () => uploader.id(), tell));
    } else this.#cancels.add(key, uploaderOf(upload));
  }

  /** Deletes what a request with many files has brought of an upload. */
  async #afterBatch(upload: QueueEntry, tell: () => Promise<boolean>): Promise<boolean> {
    if (upload.placedAt === undefined) return !upload.wasInBatch || await tell();
    // A file that was finished earlier is not the one that is cancelled now.
    if (upload.wasThere) return true;
    // Its uploader was made when nobody knew where the file would be.
    upload.uploader = undefined;
    await this.#delete(this.#deps.uploaderOf(upload));
    return true;
  }

  /** Deletes a finished file, and tries again while the server cannot be reached. */
  async #delete(uploader: Uploader): Promise<void> {
    const { clock, random } = this.#deps;
    for (let failures = 0; failures < TRIES; failures++) {
      if (failures > 0) await waitToRetry(clock, retryDelayMs(failures, random()));
      const mayGoOn = await uploader.delete().then(() => false, wouldHelp);
      if (!mayGoOn) return;
    }
  }
}
