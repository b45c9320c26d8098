import { findFile } from "../uploads/presence.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import type { WaitingEvent } from "../storage/event_store.ts";

/** The stores that are asked about an upload before a hook hears of it. */
export interface FactsDeps {
  readonly records: Pick<RecordStore, "get">;
  readonly bytes: Pick<ByteStore, "find">;
}

/**
 * Makes the function that gives an event the facts that are true now. A file is recorded as complete a moment before it
 * lies at its path, and may get another path then: until it lies there it is too early to tell of it.
 */
export function currentFacts(
  { records, bytes }: FactsDeps,
): (event: WaitingEvent) => Promise<WaitingEvent | undefined> {
  return async (event) => {
    if (event.type !== "upload.completed") return event;
    const upload = await records.get(event.upload.id);
    // It is over by now. What was true when it was completed is told all the same.
    if (upload?.state !== "complete") return event;
    const found = await findFile({ records, bytes }, upload);
    if (found.whereabouts === "unplaced") return undefined;
    return { ...event, upload: { ...event.upload, path: found.upload.path } };
  };
}
