import type { Amount } from "../../model/amount.ts";
import type { Tallied } from "../tally.ts";

/** The name by which all instances remember that the uploads of an earlier time are counted (`Leases.remember`). */
export const COUNTED = "uploads are counted";

/** The sums of all uploads of all instances. Each commit of a record counts in the same step (`tally.ts`). */
export interface Ledger {
  /**
   * Counts uploads that this instance holds, without a change of their records. Throws the refusal of a bound, and
   * `taken-over` when an upload is lost; nothing has changed then.
   */
  count(tallied: Tallied): Promise<void>;
  /** The amounts that count under some names. A name without an amount is left out. */
  used(names: readonly string[]): Promise<ReadonlyMap<string, Amount>>;
  /** How many unfinished uploads there are of all owners, and how many bytes they have. */
  unfinished(): Promise<{ readonly count: number; readonly bytes: number }>;
  /** The ids of the unfinished uploads of a payer. */
  openOf(payer: string): Promise<readonly string[]>;
  /** The ids of the uploads for which more is reserved than their records say, and which nobody holds, or a dead instance. */
  leftAhead(): Promise<readonly string[]>;
  /**
   * Takes a place for one of `perSecond` uploads that an address may begin in a second. False when there is none.
   */
  takePace(address: string, perSecond: number): Promise<boolean>;
  /** Begins a count of the folders of a payer: all are in doubt then, until an upload names them again. */
  doubtFolders(payer: string, countId: string): Promise<void>;
  /** Takes folders out of doubt, and remembers those that are not known. */
  nameFolders(payer: string, folders: readonly string[]): Promise<void>;
  /** Ends a count: forgets the folders that are still in doubt. A later count of the same payer ends an earlier one. */
  forgetFolders(payer: string, countId: string): Promise<void>;
  /** Removes sums of nothing, and what is remembered of addresses that begin no uploads any more. */
  tidy(): Promise<void>;
}
