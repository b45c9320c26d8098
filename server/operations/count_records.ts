import type { Upload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";

/** A step in the life of an upload that its record tells. */
export type Change = "created" | "completed" | "expired" | "terminated" | "lost";

/** Gives the records, with each step told to `count` when it is recorded. */
export function countRecords(records: RecordStore, count: (change: Change) => void): RecordStore {
  return {
    ...records,
    async create(upload, instead) {
      const isCreated = await records.create(upload, instead);
      if (isCreated) {
        count("created");
        if (upload.state === "complete") count("completed");
      }
      return isCreated;
    },
    async replace(before, after, options) {
      const isReplaced = await records.replace(before, after, options);
      const change = isReplaced ? changeOf(before, after) : undefined;
      if (change !== undefined) count(change);
      return isReplaced;
    },
  };
}

/** The step from one record of an upload to the next; `undefined` when it goes on as before, or ends otherwise. */
export function changeOf(before: Upload, after: Upload): Change | undefined {
  if (before.state === after.state || after.state === "receiving") return undefined;
  if (after.state === "complete") return "completed";
  // Neither of the two is a loss: the bytes are in another upload, or a person has them.
  return after.reason === "concatenated" || after.reason === "taken" ? undefined : after.reason;
}
