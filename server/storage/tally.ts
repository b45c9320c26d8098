import type { Amount } from "../model/amount.ts";
import type { Upload } from "../model/upload.ts";

/** A part of what an upload counts for: an amount, under the name of what is counted. */
export interface Count extends Amount {
  readonly name: string;
  /**
   * True where nothing bounds the name now. Commits that count under it do not wait for each other then: the store adds
   * in several rows.
   */
  readonly isSpread: boolean;
}

/** All that one upload counts for. An upload without counts is counted no more. */
export interface CountedUpload {
  readonly id: string;
  readonly payer: string;
  /** The amounts that the upload keeps. They do not count while an unfinished final upload takes its bytes. */
  readonly kept: readonly Count[];
  /** The amounts that it counts for as an unfinished upload; empty for any other. */
  readonly open: readonly Count[];
  /** The ids of the uploads whose bytes it takes. Nobody else may take these until it is over. */
  readonly takes?: readonly string[];
  /** True while more bytes are reserved than its record says, for those that are coming. */
  readonly isAhead?: boolean;
}

/** A bound of what is counted under a name. Only what adds to it is refused. */
export interface Bound {
  readonly name: string;
  readonly max: Amount;
  /** Makes the refusal of `more` beside what is `used`. */
  refusal(used: Amount, more: Amount): Error;
}

/** The folders that a new upload of a payer names, each as a text that is short and the same for the same folder. */
export interface NamedFolders {
  readonly payer: string;
  readonly folders: readonly string[];
}

/** The name under which the folders of a payer are counted, as files. */
export function folderCount(payer: string): string {
  return `folders ${payer}`;
}

/** The counts that change with a commit. Of several bounds that are passed the first one refuses. */
export interface Tallied {
  readonly uploads: readonly CountedUpload[];
  readonly bounds: readonly Bound[];
  readonly named?: NamedFolders;
}

/** Says what a commit of records changes in the counts, for a store that counts in the same commit. */
export interface Tally {
  /**
   * The counts that change when each record `before` becomes `after`; `undefined` when none does. Absent `before` or
   * `after`: there was, or will be, no record. A record that becomes itself is counted anew.
   */
  of(
    steps: readonly (readonly [before: Upload | undefined, after: Upload | undefined])[],
  ): Tallied | undefined;
}

/** The tally of a store that counts nothing: this process does, from what it does to the records. */
export const NO_TALLY: Tally = { of: () => undefined };
