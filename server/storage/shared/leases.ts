/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The bytes of an unfinished upload, as the shared row describes them. */
export interface BytesState {
  /** The places of the bytes. Only the byte store knows its form. */
  readonly layout: Json;
  /** How many bytes the layout has. */
  readonly length: number;
  /** True while a multipart upload that was begun for these bytes is neither completed nor aborted. */
  readonly isMultipart: boolean;
}

/**
 * Parts of a multipart upload that came one after the other. Their ETags are kept beside the layout: there may be thousands,
 * and a row is written anew with each commit.
 */
export interface NewParts {
  /** The object's key. */
  readonly multipart: string;
  /** The number of the first of these parts. */
  readonly first: number;
  /** The ETags, the first part's first. */
  readonly etags: readonly string[];
}

/** A state to be committed, with the parts that the layout counts and that no commit has told of yet. */
export interface BytesChange extends BytesState {
  /** Parts that were told of before are no error: a part's number never stands for another ETag. */
  readonly newParts?: readonly NewParts[];
}

/** The row of an upload's bytes, as it was read. */
export interface BytesRow extends BytesState {
  /** The token of the writer that committed the state; `undefined` before the first commit. */
  readonly writtenBy: string | undefined;
  /** True when that writer let go by itself: everything that it sent is in the layout. */
  readonly clean: boolean;
}

/**
 * The right to write to an upload's bytes, among all instances: a random token in the upload's row. Every commit names
 * it. When another writer's token is there, this one has lost the upload: commits throw `taken-over` (an `UploadError`),
 * and change nothing.
 */
export interface Lease {
  readonly id: string;
  /**
   * The random token, of 22 characters that may stand in keys and URLs. No other lease has it. Another one takes its place
   * after a commit of which nobody knows whether it was done: one that is done late names the earlier token, and is refused.
   */
  readonly token: string;
  /** The row as this lease found it. */
  readonly found: BytesRow;
  /** Gives a number that nobody else gets under this token, nor any other writer to whom the lease is lent later. */
  nextNumber(): number;
  /** Commits where the bytes lie. Resolves when that survives a crash. */
  commit(state: BytesChange): Promise<void>;
  /** Throws `taken-over` when this writer has lost the upload. Changes nothing. */
  check(): Promise<void>;
  /**
   * Does what `check` does, if the lease was lent without a look at the row, and nothing was committed by it since. Resolves
   * at once otherwise.
   */
  verify(): Promise<void>;
  /**
   * Leaves a state to be committed together with the upload's next record (`RecordStore.replace`), or by `release`,
   * whichever comes first. A later state takes the place of an earlier one, as `commit` does too. `committed` is called
   * afterwards, for what may be removed then; it must not throw. It is not called when the commit fails.
   */
  commitWithRecord(state: BytesChange, committed?: () => void): void;
  /**
   * Lets go together with the upload's next record, which saves the call of the database that `release` makes. Nothing
   * but `release` may be called after that record. `clean` as for `release`.
   */
  releaseWithRecord(clean: boolean): void;
  /**
   * The ETags of a multipart upload's parts, the first part's first, as this upload's writers have committed them, or those
   * of an upload from which the layout was adopted.
   */
  etags(multipart: string): Promise<readonly string[]>;
  /**
   * Lets go, and commits what was left to be committed. `clean` tells the next writer whether everything that this one
   * sent is in the layout. No error when the lease is lost. A second call does nothing. Nothing else may be called after it.
   */
  release(clean: boolean): Promise<void>;
  /**
   * Lets go without telling the others, for a row that is removed next: a call of the database less, and nothing that could
   * come before the removal. As long as the row is there, whoever wants it asks this instance first. Nothing else may be
   * called after it, and what was left to be committed is not.
   */
  abandon(): void;
}

/** How the instance's own writers are asked to act for other instances. No function throws. */
export interface WritersOfInstance {
  /** Asks the upload's writer to end. Resolves when it has let go, or there is none. */
  stop(id: string): Promise<void>;
  /** Lets the upload's writer, if its client is silent, flush and let go. Resolves then, or when it goes on receiving. */
  settle(id: string): Promise<void>;
  /**
   * Asks the upload's writer to end for a body that starts at `offset`, if its bytes end there or its client is silent.
   * Resolves when it has let go, or there is none; with false when it goes on.
   */
  follow(id: string, offset: number): Promise<boolean>;
  /** True while a request of this instance holds the upload. */
  holds(id: string): boolean;
}

/** Bytes of an upload, with a multipart upload that should be completed soon: some stores remove old ones. */
export interface MultipartAges {
  /** The least time in milliseconds since anything was committed, if nobody holds the upload. */
  readonly idleMs: number;
  /** The least time in milliseconds since the multipart upload was first committed, whether somebody holds it or not. */
  readonly oldMs: number;
}

/** A place in the bucket at which bytes of an upload that is over may still appear. */
export interface LatePlace {
  /** The key of an object, or with a slash at its end a prefix of keys. */
  readonly key: string;
  readonly id: string;
}

/**
 * The rows of the unfinished uploads' bytes, which all instances share: who may write, and where the bytes lie. It
 * decides by tokens alone. No clock of one machine is compared with that of another.
 */
export interface Leases {
  /**
   * Makes the row of a new upload, without bytes, and gives its lease. `locked` when there is a row already. `layout` is
   * that of no bytes.
   */
  create(id: string, layout: Json): Promise<Lease | "locked">;
  /**
   * Takes an upload. A writer on another instance is asked to end. When it is silent for a moment (dead, stopped or cut
   * off), or does not end within seconds, the lease is taken from it. `undefined` when there is no row. `locked` when
   * this instance has the lease itself, or others are always faster. With `offset` a writer elsewhere is asked to let a
   * body follow that starts there (`WritersOfInstance.follow`): `receiving` when it goes on.
   */
  take(id: string, offset?: number): Promise<Lease | "locked" | "receiving" | undefined>;
  /** Reads a row without a lease. In the instance that holds it, a state that is left to be committed counts. */
  read(id: string): Promise<BytesRow | undefined>;
  /**
   * Makes a row for upload `id`, with the layout, the length and the multipart mark of upload `from`. Nobody holds it.
   * Resolves when that survives a crash. A second call changes nothing. Throws when `from` has no row, and `locked` (an
   * `UploadError`) while somebody holds it: that writer may be about to remove objects which the layout names.
   */
  adopt(from: string, id: string): Promise<void>;
  /**
   * True when another row has adopted the row's layout, and needs its objects as they are. Who holds the row can rely on
   * the answer.
   */
  isAdopted(id: string): Promise<boolean>;
  /**
   * Removes a row, whoever holds it: that writer's commits throw `taken-over` from now on. With `token` a row that another
   * writer has taken since stays, and the answer is empty. Gives the ids whose objects no row needs any more: `id` itself,
   * unless others adopted its layout, and those from which `id` had adopted its own. They may be removed. Without a row the
   * answer is `id`, unless others adopted its layout.
   */
  remove(id: string, token?: string): Promise<readonly string[]>;
  /** Gives each of `ids` whose objects a row needs: its own, or those of a layout that it adopted. */
  needed(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** The ids of all rows, in no order. */
  ids(): AsyncIterable<string>;
  /** How long ago a row was last committed to or taken, in milliseconds of the database's clock; `undefined` without a row. */
  ageMs(id: string): Promise<number | undefined>;
  /**
   * The ids with a multipart upload that is idle or old, in an order of their own: at most `limit`, behind the id `after`,
   * or the first ones.
   */
  multiparts(ages: MultipartAges, limit: number, after?: string): Promise<readonly string[]>;
  /**
   * Remembers a place where bytes of an upload may still appear that is about to be over: by a writer that was stopped or
   * cut off, and goes on some day.
   */
  expectLate(place: LatePlace): Promise<void>;
  /**
   * Gives the places that it is time to look at, at most `limit`: a minute after they were remembered, and then each time
   * after twice as long as before, for a month and a half.
   */
  latePlaces(limit: number): Promise<readonly LatePlace[]>;
  /**
   * Asks the instance that holds an upload to settle it (`WritersOfInstance.settle`). Resolves when it has answered, when
   * it is silent, and at once when no other instance holds it.
   */
  settled(id: string): Promise<void>;
  /** Asks the instance that holds an upload whether a request does (`WritersOfInstance.holds`). False when it is silent. */
  isHeldElsewhere(id: string): Promise<boolean>;
  /** Says how this instance's writers are asked on behalf of others. Called once, before anything else. */
  serve(writers: WritersOfInstance): void;
  /**
   * Does `work` unless another instance does the work of this name now; false then. The work is one that must be harmless
   * when it is done twice at the same time: an instance that was cut off may still be at it. `lost` aborts when this one
   * learns that another may begin.
   */
  alone(name: string, work: (lost: AbortSignal) => Promise<void>): Promise<boolean>;
  /** Gives the text that all instances remember by this name: `text`, if there was none before. */
  remember(name: string, text: string): Promise<string>;
  /** Gives the text that all instances remember by a name; `undefined` when there is none. */
  recall(name: string): Promise<string | undefined>;
}
