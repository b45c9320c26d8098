import { Gate } from "./gate.ts";
import type { QueueEntry } from "./queue_entry.ts";
import { sampleOf } from "../upload/file_id.ts";

/** The uploads of a queue by what their files have in common: path, size and time. Their bytes may differ all the same. */
export class AlikeFiles {
  readonly #groups = new Map<string, Set<QueueEntry>>();
  readonly #gate = new Gate(1);

  add(upload: QueueEntry): void {
    const group = this.#groups.get(upload.key);
    if (group === undefined) this.#groups.set(upload.key, new Set([upload]));
    else group.add(upload);
  }

  remove(upload: QueueEntry): void {
    const group = this.#groups.get(upload.key);
    group?.delete(upload);
    if (group?.size === 0) this.#groups.delete(upload.key);
  }

  /** The upload of that very `file`, or the first of those that are like it. */
  like(key: string, file: File): QueueEntry | undefined {
    const group = [...this.#groups.get(key) ?? []];
    return group.find((upload) => upload.file === file) ?? group[0];
  }

  /**
   * Calls `use` with the upload that has the same bytes as `file`, as a sample shows, or with `undefined`; with one file
   * after the other, so that each knows what came of the one before it. Not at all where one of them cannot be read.
   */
  async compare(key: string, file: File, use: (same: QueueEntry | undefined) => void): Promise<void> {
    await this.#gate.run(async () => {
      try {
        const sample = await sampleOf(file);
        for (const upload of this.#groups.get(key) ?? []) {
          if (await sampleOf(upload.file) === sample) return use(upload);
        }
        use(undefined);
      } catch {
        // The one that is known says so when its turn comes.
      }
    });
  }
}
