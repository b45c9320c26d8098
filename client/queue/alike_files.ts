import { Gate } from "./gate.ts";
import type { QueueEntry } from "./queue_entry.ts";
import { sampleOf } from "../upload/file_id.ts";

/**
 * The uploads of a queue, grouped by path, size and time of their files. The bytes of files in one group may differ all
 * the same.
 */
export class AlikeFiles {
  readonly #groups = new Map<string, Set<QueueEntry>>();
  readonly #gate = new Gate(1);

  add(upload: QueueEntry): void {
    const group = this.#groups.get(upload.fileKey);
    if (group === undefined) this.#groups.set(upload.fileKey, new Set([upload]));
    else group.add(upload);
  }

  remove(upload: QueueEntry): void {
    const group = this.#groups.get(upload.fileKey);
    group?.delete(upload);
    if (group?.size === 0) this.#groups.delete(upload.fileKey);
  }

  /** Finds the upload of that very `file`, or the first of those that look like it. */
  like(key: string, file: File): QueueEntry | undefined {
    const group = [...this.#groups.get(key) ?? []];
    return group.find((upload) => upload.file === file) ?? group[0];
  }

  /**
   * Calls `use` with the upload whose file has the same bytes as `file`, as a sample shows, or with `undefined`. Files
   * are compared one after the other, so that each knows the result of the one before it. `use` is not called when a
   * file cannot be read.
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
        // The upload that is known reports the error when its turn comes.
      }
    });
  }
}
