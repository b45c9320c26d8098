import type { Account, Promises } from "./account.ts";
import type { KeptFile } from "./finished.ts";
import type { PlannedFile } from "./plan.ts";
import type { Told } from "./protocols.ts";

/** What all people of a run share. */
export interface Town {
  readonly port: number;
  readonly account: Account;
  /** Aborts when the time is over: everybody stops where they are. */
  readonly stop: AbortSignal;
  /** The finished files that stay until the end. */
  readonly kept: KeptFile[];
  /** The finished files whose deletion was not answered before the end. */
  readonly deleting: KeptFile[];
  /** The uploads that the end found on their way. */
  readonly unfinished: Unfinished[];
}

/** An upload that somebody is at: one file, or the files of a form. */
export interface Journey {
  readonly isFinished: boolean;
  /** Goes on by one connection, or one try of it. Throws when nobody listens, and when the connection breaks. */
  goOn(): Promise<void>;
  /** The finished files, when all are. */
  files(): KeptFile[];
}

/** One file on its way. */
export interface Unfinished {
  readonly file: PlannedFile;
  readonly promises: Promises;
  readonly location: string | undefined;
  readonly isFinished: boolean;
  readonly about: string;
  /** Asks for the offset in another town, after everybody has stopped; `undefined` if nothing was begun. */
  askIn(town: Town): Promise<Told | undefined>;
}
