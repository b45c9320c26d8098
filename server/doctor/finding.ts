import type { Observations } from "./observations.ts";
import type { Remedy } from "./remedies.ts";

/** Something that stands between the clients and Pawl. */
export interface Finding {
  /** A word for programs. */
  readonly code: string;
  /** A fault is in somebody's way. A note is good to know. */
  readonly level: "fault" | "note";
  /** The fact, in one sentence. */
  readonly says: string;
  /** Its cost, in one sentence. */
  readonly costs: string;
  readonly remedy?: Remedy;
}

/** Reads what was seen, and gives what is wrong with it. `ok` is what to say when it was seen and nothing is wrong. */
export interface Rule {
  /** True when it was looked at. */
  readonly applies: (seen: Observations) => boolean;
  readonly ok: string;
  readonly judge: (seen: Observations) => Finding | undefined;
}
