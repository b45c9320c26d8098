import { canFinish, type CompleteUpload, type ReceivingUpload } from "../model/upload.ts";
import type { Whereabouts } from "../storage/store.ts";

/**
 * The kinds of faults. `missing`, `replaced`: see {@linkcode Whereabouts}. `unplaced`: the file has not got its name.
 * `damaged`: the file does not have its digest. `unreadable`: the disk does not give its bytes. `short`: bytes are
 * missing in an unfinished upload's file, or in a finished one without its name. `unfinished`: all bytes are there.
 * `leftover`: a finished file still has its own entry. `orphan`: an entry in `incoming/` has no upload. `unknown`: a
 * file in `files/` has none.
 */
export type FaultKind =
  | "missing"
  | "replaced"
  | "unplaced"
  | "damaged"
  | "unreadable"
  | "short"
  | "unfinished"
  | "leftover"
  | "orphan"
  | "unknown";

/** The thing that is looked at: an upload by its record, an entry in `incoming/`, or a file in `files/`. */
export type Subject =
  | { readonly kind: "upload"; readonly id: string }
  | { readonly kind: "entry"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** Something that is wrong. */
export interface Fault {
  readonly kind: FaultKind;
  /** The path below the data folder. */
  readonly place: string;
  /** The id of the upload, or the name of the entry that belongs to none. */
  readonly id?: string;
  /** The fault, as the end of a sentence that begins with the place. */
  readonly what: string;
}

/** The facts on disk about an upload. */
export interface OnDisk {
  /** The length in bytes of its own entry; `undefined` when there is none. */
  readonly entryLength: number | undefined;
  /** The whereabouts of its finished file. */
  readonly whereabouts: Whereabouts;
}

/** The fault of a complete upload, as far as no byte is read. */
export function faultOfComplete(
  { id, path, length }: CompleteUpload,
  { entryLength, whereabouts }: OnDisk,
): Fault | undefined {
  const fault = (kind: FaultKind, what: string): Fault => ({ kind, place: `files/${path}`, id, what });
  switch (whereabouts) {
    case "missing":
      return fault("missing", `is not there; it is the file of upload ${id}`);
    case "replaced":
      return fault("replaced", `is not the file of upload ${id}, which should be there`);
    case "unplaced":
      if (entryLength === length) return fault("unplaced", `has not got its name yet; its bytes are in incoming/${id}`);
      return fault("short", `is not there, and incoming/${id} has ${entryLength} of its ${length} bytes`);
    case "there":
      if (entryLength === undefined) return undefined;
      return { ...fault("leftover", `is a second name of files/${path}, which is finished`), place: `incoming/${id}` };
  }
}

/**
 * The fault of an unfinished upload. `isPromised` is false if no byte of it counts, or nobody can tell (I11):
 * then it can lack none. `isWhole` says that the server would finish it.
 */
export function faultOfUnfinished(
  upload: ReceivingUpload,
  { entryLength }: Pick<OnDisk, "entryLength">,
  { isPromised, isWhole }: { isPromised: boolean; isWhole: boolean },
): Fault | undefined {
  const { id, offset, concat } = upload;
  if (!isPromised) return undefined;
  const fault = (kind: FaultKind, what: string): Fault => ({ kind, place: `incoming/${id}`, id, what });
  const length = entryLength ?? 0;
  if (length < offset) return fault("short", `has ${length} of the ${offset} bytes that are recorded`);
  // Without an own entry nothing was begun, and the parts are whole.
  if (concat !== undefined && entryLength !== undefined) {
    return fault("unfinished", "is a file of several parts that were not put together");
  }
  // The last bytes may not be recorded yet.
  if (isWhole && canFinish(upload)) return fault("unfinished", "has all its bytes, and is not finished");
}

/** The help for a fault: by `--repair`, and by the person; both as a sentence. */
interface Remedy {
  /** The action of `--repair`, behind "would"; absent when it does nothing. */
  readonly repair?: string;
  /** How the engine does that. */
  readonly by?: "place" | "discard";
  /** The next step for the person, if `--repair` does nothing. */
  readonly advice?: string;
}

/** No remedy takes a byte away that somebody was told is safe. */
const REMEDIES: Record<FaultKind, Remedy> = {
  missing: { advice: "Put it back from a backup, or end its upload by DELETE /files/ID" },
  replaced: { advice: "Put the right file back from a backup, or end its upload by DELETE /files/ID" },
  damaged: { advice: "Put it back from a backup" },
  unreadable: { advice: "Look after the disk, and put the file back from a backup" },
  short: { advice: "Only a backup has the bytes; the server ends the upload with its next request" },
  unknown: { advice: "Somebody put it there, or a record was lost: move it away if you do not want it" },
  // Only the server knows who has to be asked or told when an upload is finished.
  unfinished: { advice: "The server finishes it at its next start, or with the next request for it" },
  unplaced: { repair: "give it its name", by: "place" },
  leftover: { repair: "remove this second name", by: "place" },
  orphan: { repair: "remove it", by: "discard" },
};

/** How the engine repairs a fault; `undefined` when nothing safe can be done. */
export function repairOf({ kind }: Fault): "place" | "discard" | undefined {
  return REMEDIES[kind].by;
}

/** The line about a fault. `repairs` tells that its repair is about to be tried. */
export function faultLine({ kind, place, id = "", what }: Fault, { repairs }: { repairs: boolean }): string {
  const { repair, advice = "" } = REMEDIES[kind];
  const remedy = repair === undefined ? advice.replace("ID", id) : `${repairs ? "Now" : "--repair would"} ${repair}`;
  // Files that were put there by hand may have any name, and none may forge a line.
  return `${place} ${what}. ${remedy}`.replaceAll(/\p{Cc}/gu, "?");
}

/** How many things were looked at, and what came of it. */
export interface Tally {
  readonly uploads: number;
  readonly files: number;
  readonly wrong: number;
  readonly repaired: number;
  /** How many of the wrong ones `--repair` would change. */
  readonly repairable: number;
}

/** The line behind all others. */
export function summaryLine({ uploads, files, wrong, repaired, repairable }: Tally, repairs: boolean): string {
  const looked = `Looked at ${uploads} uploads and ${files} files`;
  if (wrong === 0) return `${looked}: nothing is wrong`;
  const after = repairs ? `${repaired} were repaired` : `--repair would change ${repairable}`;
  return `${looked}: ${wrong} are wrong, ${after}`;
}
