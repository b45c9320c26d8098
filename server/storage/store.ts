import type { CompleteUpload, ReceivingUpload, Upload } from "../model/upload.ts";

/** The end of an unfinished upload's file, in the hands of its one writer (I3). */
export interface Appender extends AsyncDisposable {
  /** The file's length in bytes, flushed or not. */
  readonly length: number;
  /**
   * Appends all of `bytes`. When it throws, a part of them may have been written, and `length` includes that part.
   * `bytes` is not read after the promise resolves.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when every byte that was written before the call survives a power cut. */
  flush(): Promise<void>;
  /**
   * Does what `flush` does for as many bytes as is cheap, while writing goes on. Gives how many bytes of the file survive
   * a power cut now, from its first one on; never fewer than at the last call.
   */
  checkpoint(): Promise<number>;
  /** Cuts the file to `length` bytes. Resolves when the cut survives a power cut. */
  cut(length: number): Promise<void>;
}

/** The file of an unfinished upload, open for its one writer. Bytes that are not flushed before it is closed may be lost. */
export interface UnfinishedFile extends Appender {
  /**
   * Sets when the file was last modified, in milliseconds since 1970, if `modifiedAt` is given. Then gives the file's
   * identity, in a form of the store's own. Nothing may be appended after that.
   */
  seal(modifiedAt?: number): Promise<string>;
  /**
   * Says that the next record of the upload is the last one before the file is closed, so that a store which tells others of
   * the close can do both at once. All bytes must be flushed. Nothing may be done with the file after that record.
   */
  closeWithRecord(): void;
  /**
   * Asks whether this writer still has the upload, if it began without asking. Throws `taken-over` when it has lost it. Called
   * before an offset is told that this writer has not recorded.
   */
  verify(): Promise<void>;
}

/** The name and the folders that a finished file is to get. */
export interface WantedPath {
  readonly name: string;
  readonly folders: readonly string[];
}

/** Tells whether a complete upload claims a path. */
export type IsClaimed = (path: string) => Promise<boolean>;

/** How a path is chosen. */
export interface Choice {
  /**
   * A path that this claims is not chosen, even if nothing lies there. Without this function a path that was not chosen
   * lately is chosen without a look: the commit that claims it, or `place`, fails if it is taken.
   */
  readonly isClaimed?: IsClaimed;
  /** By how many steps the wanted path is made plainer; 0 by default. Each path that the disk refuses adds one. */
  readonly plainness?: number;
  /** True when other uploads took the chosen name first, several times. The name then gets a random number. */
  readonly isCrowded?: boolean;
}

/** The disk refuses a file at this path. A plainer name or another folder may do. */
export class RefusedPath extends Error {
  override name = "RefusedPath";

  constructor(path: string, options?: ErrorOptions) {
    super(`No file can lie at "${path}"`, options);
  }
}

/** How a store asks the writers of this process on behalf of other processes. No function throws. */
export interface Writers {
  /** Asks the upload's writer to end. Resolves when it has let go, or when there is none. */
  stop(id: string): Promise<void>;
  /**
   * Waits a moment for the upload's writer to end, and lets one whose client is silent flush and let go. Resolves then, or
   * when the writer goes on.
   */
  settle(id: string): Promise<void>;
  /**
   * Lets a body follow that starts at `offset`: asks the upload's writer to end, if its bytes end there, or if its client is
   * silent for a moment. Resolves when it has let go, or there is none; with false when the writer goes on.
   */
  follow(id: string, offset: number): Promise<boolean>;
  /** True while a request of this process holds the upload. */
  holds(id: string): boolean;
}

/** The part of a complete upload's record that tells where its file lies and how to recognise it. */
export type PlacedFile = Pick<CompleteUpload, "id" | "path" | "length" | "identity">;

/**
 * The state of a finished file. `there`: under its path. `unplaced`: not under its path, but the upload's own entry
 * exists and the file can be placed again. `missing`: nothing lies at the path. `replaced`: something else lies there.
 */
export type Whereabouts = "there" | "unplaced" | "missing" | "replaced";

/**
 * The store of the files: unfinished ones, and finished ones. It trusts no caller. Whatever id or path it is given, it
 * reads, writes and removes below its own folders only, and follows no symbolic link there (I7).
 *
 * Processes may share a store. A process that has lost an upload to another one can change nothing of it any more: its
 * calls throw `taken-over` (an `UploadError`).
 */
export interface ByteStore {
  /** Says how this process's writers are asked on behalf of others. Called once, before a file is opened. */
  serve(writers: Writers): void;
  /**
   * Asks the process that writes to an upload to settle it (`Writers.settle`). Resolves when it has answered or is silent,
   * and at once when no other process writes.
   */
  settled(id: string): Promise<void>;
  /** True while a request of another process holds an upload, and that process answers. Nothing is taken from it. */
  isHeldElsewhere(id: string): Promise<boolean>;
  /** The length in bytes of an unfinished upload's file; `undefined` when there is no file. */
  length(id: string): Promise<number | undefined>;
  /** Makes a new upload's file, for its one writer. `locked` when another process made it first. */
  create(id: string): Promise<UnfinishedFile | "locked">;
  /**
   * Opens an unfinished upload's file for its one writer. A store that can ask another process to end waits for it here,
   * or takes the file from it. For a body that starts at `offset` it does so only if that process' bytes end there, or it
   * is silent: `receiving` when it goes on. `undefined` when there is no file, `locked` when another process keeps it.
   */
  open(id: string, offset?: number): Promise<UnfinishedFile | "locked" | "receiving" | undefined>;
  /** Reads, for the process that has the upload's lock, an unfinished upload's bytes from `start` (0 by default) up to, but not including, `end`. */
  readUnfinished(id: string, end: number, start?: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Gives upload `id`, which has no file yet, the bytes of upload `from`. Nothing is copied: both own entries become
   * names of one file.
   * Resolves when that survives a power cut. A second call changes nothing. The entry of `from` must be removed before
   * anything is appended. Where uploads that adopt the same bytes would append to one file, this throws `locked` (an
   * `UploadError`) when another one has adopted them.
   */
  adopt(from: string, id: string): Promise<void>;
  /**
   * Maps a path to a text. Two paths are one name on this disk when their texts are equal: in another Unicode form, and
   * in upper and lower case if the disk ignores case.
   */
  sameName(path: string): string;
  /**
   * Chooses a free path for a finished file, under the wanted name or a numbered one, and makes its folders. Throws
   * {@linkcode RefusedPath} when the disk takes none.
   */
  choose(wanted: WantedPath, choice?: Choice): Promise<string>;
  /** Undoes `choose` for a path that is not used: removes its folders, as far as they are empty. */
  abandon(path: string): Promise<void>;
  /**
   * Places an upload's file: gives it its name at `path`, in one step, and never over another file (I8). False when
   * another file has the name, or the folder is gone. A second call changes nothing. Throws {@linkcode RefusedPath}
   * when the disk takes no file of that name. The upload's own entry stays (I5).
   */
  place(id: string, path: string): Promise<boolean>;
  /** Resolves when a finished file's name survives a power cut. A file that was taken away meanwhile is no error. */
  flushName(path: string): Promise<void>;
  /** Does what `flushName` does, a moment later and together with others, which costs less. */
  flushNameSoon(path: string): Promise<void>;
  /** Resolves when every unfinished upload that this process wrote to survives a power cut. */
  flush(): Promise<void>;
  /** The names of all entries in the folder of unfinished uploads: ids, and whatever else lies there. */
  unfinished(): AsyncIterable<string>;
  /** How long ago, in milliseconds, an entry of that folder was last written to; 0 when there is none. */
  ageMs(name: string): Promise<number>;
  /**
   * Removes the own entry of an upload whose file is placed and whose name is flushed (I5). No error when there is
   * none.
   */
  removeEntry(id: string): Promise<void>;
  /**
   * Removes an unfinished upload's own entry, and so its bytes, unless another upload has adopted them. No error when
   * there is none.
   */
  discard(id: string): Promise<void>;
  /** Finds out where a finished file is. */
  find(file: PlacedFile): Promise<Whereabouts>;
  /**
   * Opens a finished file for reading; `undefined` when it is not there, or when something else lies at its path (I9).
   */
  openFinished(file: PlacedFile): Promise<FinishedFile | undefined>;
  /** True when there is a folder of finished files at a path, and no link is on the way or at its end. */
  isFolder(path: string): Promise<boolean>;
  /** Makes, links and removes a file as an upload does. Throws what the disk throws. */
  checkWritable(): Promise<void>;
  /**
   * Asks the disk how many bytes are free; `Infinity` when nothing says so. A synchronous call that takes microseconds.
   */
  freeBytes(): number;
  /**
   * Removes a finished file and the folders that it leaves empty. Resolves when no power cut can bring it back.
   * Something else that lies at its path stays (I9).
   */
  removeFinished(file: PlacedFile): Promise<void>;
}

/** A part of a file: the bytes from `start` up to, but not including, `end`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** A finished file, open for reading. The caller calls `read` once and reads or cancels its stream, or calls `close`. */
export interface FinishedFile {
  readonly length: number;
  /** When it was last modified, in milliseconds since 1970; `undefined` if the disk does not tell. */
  readonly modifiedAt: number | undefined;
  /** The first bytes, `count` of them or all of a shorter file. */
  head(count: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads the file, or a part of it. The stream closes the file. A piece of a large file is valid only until the next
   * piece is read, so a caller that keeps a piece copies it.
   */
  read(part?: Part): ReadableStream<Uint8Array<ArrayBuffer>>;
  close(): void;
}

/** The place of an upload in the list of its owner. */
export type ListPlace = Pick<ReceivingUpload, "id" | "createdAt">;

/** The store of the records. Every change is one commit, which is on disk when the promise resolves. */
export interface RecordStore extends Disposable {
  get(id: string): Promise<Upload | undefined>;
  /** Finds the upload that a client's id stands for. */
  findByClient(owner: string, clientId: string): Promise<Upload | undefined>;
  /**
   * Adds the record of a new upload, and makes its client's id mean it. If the id means `instead` now, it means the new
   * one afterwards, and the record of `instead` is removed if it is unfinished. Changes nothing and gives false when
   * the id means another upload, or when the new upload is complete and its path has a {@linkcode claimant}.
   */
  create(upload: ReceivingUpload | CompleteUpload, instead?: Upload): Promise<boolean>;
  /**
   * The id of the complete upload that claims `path`. Its record has this path, or a path that the disk takes for the
   * same one. Its file may be gone already, because a person took it away or a crash interrupted its removal. The claim
   * still holds, because another file at this path would be served as that upload's file.
   */
  claimant(path: string): Promise<string | undefined>;
  /**
   * The complete uploads that claim paths below a folder, in no certain order: all, or those of one payer
   * (`model/owner.ts`). The cost follows how many they are, and how many paths of more than 256 characters there are in
   * any folder. What others have does not change the cost for a payer.
   */
  below(folder: string, payer?: string): AsyncIterable<CompleteUpload>;
  /**
   * The paths of the folders in which the complete uploads of a payer lie, each one name of those that the disk takes
   * for the same one. A folder may come more than once. The cost follows how many uploads there are.
   */
  folders(payer: string): AsyncIterable<string>;
  /**
   * Replaces the record `before` by `after`, with its indexes. Changes nothing and gives false when `after` newly
   * claims a path that has a {@linkcode claimant}, and when another request has recorded the end of the complete upload
   * `before` already. With `isUnheld` the caller does not hold the upload's bytes, so another process may change it: false
   * then when the record is not as far as `before` is, or further. Where `after` is `before`, so that it is counted anew,
   * it must be the same in all. Throws `taken-over`, and changes nothing, when this
   * process has lost the upload to another one.
   */
  replace(before: Upload, after: Upload, options?: { readonly isUnheld?: boolean }): Promise<boolean>;
  /** Removes an upload's record and everything that leads to it. */
  forget(upload: Upload): Promise<void>;
  /**
   * The uploads of an owner, or of a link (`listOfLink`), that are not over, those that began last first: at most `limit`, and only those behind
   * `after` in this order. The cost follows how many are read.
   */
  list(owner: string, limit: number, after?: ListPlace): Promise<(ReceivingUpload | CompleteUpload)[]>;
  /** All records, in no order. The cost follows how many there are. */
  all(): AsyncIterable<Upload>;
  /**
   * The ids of the uploads that are due at the service time `now`, the longest due first. The cost follows how many are
   * read.
   */
  due(now: number): AsyncIterable<string>;
  /** The service time at which the first upload is due; `undefined` when none is. */
  firstDueAt(): Promise<number | undefined>;
  /** The latest recorded service time, in milliseconds; `undefined` before the first one. */
  serviceTime(): Promise<number | undefined>;
  /** Records the service time, unless the record has a later one from another process. */
  saveServiceTime(ms: number): Promise<void>;
}
