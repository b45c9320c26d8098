import { deferred } from "../async/deferred.ts";
import type { Progress } from "../upload/progress.ts";
import type { Batches } from "./batches.ts";
import type { BatchRun, QueueEntry } from "./queue_entry.ts";
import type { Turns } from "./turns.ts";

/** The things that {@linkcode BatchRuns} work with. */
export interface BatchRunsDeps {
  batches: Batches;
  turns: Turns;
  /** True for an upload that nothing keeps from beginning now. */
  isFree: (upload: QueueEntry) => boolean;
  /** Called with the progress of each upload. */
  hear: (upload: QueueEntry, progress: Progress) => void;
  /** Called with an upload that needs another turn, because the request has not brought it. */
  again: (upload: QueueEntry) => void;
}

/** The requests with many files of a queue, and the uploads that are in them. */
export class BatchRuns {
  readonly #deps: BatchRunsDeps;
  /** The uploads that a whole request has not brought. */
  readonly #alone = new WeakSet<QueueEntry>();

  constructor(deps: BatchRunsDeps) {
    this.#deps = deps;
  }

  /** Sends an upload whose turn has come, together with those that wait behind it. False when it has to go alone. */
  begin(upload: QueueEntry): boolean {
    const { batches, turns } = this.#deps;
    if (!batches.isOpen || !this.#mayJoin(upload)) return false;
    const hasRoom = batches.room();
    if (!hasRoom(upload)) return false;
    const others = turns.gather({ mayJoin: (other) => this.#mayJoin(other), hasRoom });
    if (others.length === 0) return false;
    this.#run([upload, ...others]);
    return true;
  }

  /** Notes that nobody waits any more for what its request brings. The request ends when that is so for all its files. */
  leave(upload: QueueEntry): void {
    const run = upload.batch;
    run?.members.delete(upload);
    if (run?.members.size === 0) run.stop.abort();
  }

  #mayJoin(upload: QueueEntry): boolean {
    if (this.#alone.has(upload) || upload.batch !== undefined) return false;
    // One that was begun alone is only paused. It would tell of itself while another request brings it.
    if (upload.uploader !== undefined) return false;
    return this.#deps.batches.accepts(upload) && this.#deps.isFree(upload);
  }

  async #run(uploads: readonly QueueEntry[]): Promise<void> {
    const { batches, turns, hear, again } = this.#deps;
    const over = deferred<void>();
    const run: BatchRun = { members: new Set(uploads), stop: new AbortController(), over: over.promise };
    const untold = new Set(uploads);
    for (const upload of uploads) upload.batch = run;
    const isWhole = await batches.send(uploads, {
      signal: run.stop.signal,
      isWanted: (upload) => run.members.has(upload),
      onBegin(upload) {
        upload.wasInBatch = true;
        if (run.members.has(upload)) hear(upload, progressOf(upload, "sending", 0));
      },
      onDeparted(upload) {
        if (run.members.has(upload)) hear(upload, progressOf(upload, "sending", upload.progress.total));
      },
      onDone(upload, { location, isAgain }) {
        untold.delete(upload);
        run.members.delete(upload);
        upload.batch = undefined;
        upload.placedAt = location;
        upload.wasThere = isAgain;
        hear(upload, progressOf(upload, "done", upload.progress.total));
      },
    });
    for (const upload of untold) upload.batch = undefined;
    over.resolve();
    for (const upload of untold) {
      if (!run.members.has(upload)) continue;
      if (isWhole) this.#alone.add(upload);
      if (turns.hasBegun(upload)) again(upload);
    }
  }
}

function progressOf({ progress: { total } }: QueueEntry, state: "sending" | "done", sent: number): Progress {
  return { state, confirmed: state === "done" ? total : 0, sent, total, bytesPerSecond: 0, remainingMs: undefined };
}
