/** Something about the bucket or the database that servers are to use. */
export interface StoreFinding {
  /** A word for programs. */
  readonly code: string;
  /** A fault keeps servers from starting, or costs data or safety. A note is good to know. */
  readonly level: "fault" | "note";
  /** The fact, in one sentence. */
  readonly says: string;
  /** Its cost, in one sentence. */
  readonly costs: string;
  /** The change to make, in one sentence. */
  readonly remedy?: string | undefined;
  /** The lines to change, as they are to be written. */
  readonly lines?: readonly string[];
}
