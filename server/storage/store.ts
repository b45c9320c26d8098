import type { CompleteUpload, ReceivingUpload, Upload } from "../model/upload.ts";

/** The end of one unfinished upload's bytes, held by one writer at a time. */
export interface Appender extends AsyncDisposable {
  /** How many bytes the file has: those that are flushed and those that are not. */
  readonly length: number;
  /**
   * Puts all of `bytes` behind what is there. When it throws, a part of them may have been written: `length` says how
   * many. `bytes` is not read after it has returned.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when every byte that was written before the call survives a power cut. */
  sync(): Promise<void>;
  /** Cuts the file off at `length` bytes, and returns when that would survive a power cut. */
  cut(length: number): Promise<void>;
}

/** The bytes of an upload that is received. */
export interface UnfinishedFile extends Appender {
  /**
   * Sets when the file was last modified, in milliseconds since 1970, where that is told; then gives what a record keeps
   * to know the file again, in the store's own words. Nothing may be appended after it.
   */
  seal(modifiedAt?: number): Promise<string>;
}

/** What a finished file is to be called, and where. */
export interface Wanted {
  readonly name: string;
  readonly folders: readonly string[];
}

/** True for a path that belongs to a finished upload. */
export type IsClaimed = (path: string) => Promise<boolean>;

/** What is known of a name that is to be chosen. */
export interface Choice {
  /**
   * A path for which this is true is as good as taken, although nothing may lie there. Without it a name that has not been
   * given of late is not looked for: whoever claims it, or puts a file there, is told if it is taken.
   */
  readonly isClaimed?: IsClaimed;
  /** How much plainer than wanted the path is to be: one more each time that one was refused; 0 where nothing is said. */
  readonly plainness?: number;
  /** Others have taken each name that was chosen before it could be used: it gets a number by chance. */
  readonly isCrowded?: boolean;
}

/** The store takes no file at this path, whoever asks: it would under a plainer one, or in another folder. */
export class RefusedPath extends Error {
  override name = "RefusedPath";

  constructor(path: string, options?: ErrorOptions) {
    super(`No file can lie at "${path}"`, options);
  }
}

/** What is known of a finished file. */
export type PlacedFile = Pick<CompleteUpload, "id" | "path" | "length" | "identity">;

/**
 * Where a finished file is: under its path; not there, but its upload's own entry is, and gives it its name again; taken
 * away, with nothing in its place; or with something else there, another file or a link.
 */
export type Whereabouts = "there" | "unplaced" | "missing" | "replaced";

/**
 * Where the bytes are. The store trusts no caller: whatever id or path it is given, it reads, writes and removes nothing
 * but below its own folders, and follows no symbolic link there.
 */
export interface ByteStore {
  /** The length of an unfinished upload's file; `undefined` when there is no file. */
  length(id: string): Promise<number | undefined>;
  /** Makes a new upload's file, for its one writer. `locked` when a writer in another process was faster. */
  create(id: string): Promise<UnfinishedFile | "locked">;
  /**
   * Opens an unfinished upload's file for its one writer. `undefined` when there is none, `locked` when a writer in another
   * process holds it.
   */
  open(id: string): Promise<UnfinishedFile | "locked" | undefined>;
  /** The bytes of an unfinished upload, from the one at `start` (0 where nothing is said) to the one before `end`. */
  readUnfinished(id: string, end: number, start?: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Lets the bytes of an unfinished upload be another one's too, which has none yet: no byte is copied. Returns when that
   * would survive a power cut; done again, it is done. Before anything is appended, the first one must be given up.
   */
  adopt(from: string, id: string): Promise<void>;
  /**
   * Gives the same text for paths that are one name here: in another Unicode form, or in upper and lower case where the
   * disk ignores that.
   */
  sameName(path: string): string;
  /**
   * Finds a path for a finished file that nothing has, under its own name or a numbered one, and makes its folders. Throws
   * {@linkcode RefusedPath} where none can be had.
   */
  choose(wanted: Wanted, choice?: Choice): Promise<string>;
  /** Removes the folders that were made for a path that comes to nothing, as far as they are empty. */
  abandon(path: string): Promise<void>;
  /**
   * Lets the bytes of an upload appear as a finished file, in one step, never in the place of another file: false where
   * there is one, or where the folder has gone. Done again, it is done. Throws {@linkcode RefusedPath} where the disk takes
   * no file of that name. The upload's own entry stays until `leave`, which must not come before `keep`: a power cut may
   * take the new name back.
   */
  place(id: string, path: string): Promise<boolean>;
  /** Returns when a finished file's name would survive a power cut; nothing happens where it was taken away meanwhile. */
  keep(path: string): Promise<void>;
  /** The same where nobody waits for it: with others, a moment later, at less cost. */
  keepSoon(path: string): Promise<void>;
  /** Returns when every unfinished upload that this process has written to survives a power cut. */
  flush(): Promise<void>;
  /** The ids of all unfinished uploads that have an entry, and the names of what else lies among them. */
  unfinished(): AsyncIterable<string>;
  /** How long ago an entry among the unfinished uploads was last written to; 0 when it is not there. */
  ageMs(name: string): Promise<number>;
  /** Removes the own entry of an upload whose file has been placed and kept; nothing happens when there is none. */
  leave(id: string): Promise<void>;
  /** Removes an unfinished upload's own entry, and its bytes with it; nothing happens when there is none. */
  discard(id: string): Promise<void>;
  /** Looks where a finished file is. */
  find(file: PlacedFile): Promise<Whereabouts>;
  /** Opens a finished file, itself and nothing else that may lie in its place; `undefined` unless it is there. */
  openFinished(file: PlacedFile): Promise<FinishedFile | undefined>;
  /** How many bytes there is space for, as the disk says now. Waits for nothing. */
  freeBytes(): number;
  /**
   * Removes a finished file, and the folders that have become empty by that; returns when it would not come back after a
   * power cut. Where something else lies in its place, that stays.
   */
  removeFinished(file: PlacedFile): Promise<void>;
}

/**
 * A finished file, open for reading. Either the stream is read or cancelled, or `close` is called. A piece of a large file
 * is only there until the next one is asked for: who keeps it copies it.
 */
export interface FinishedFile {
  readonly length: number;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  close(): void;
}

/** Where the records are. Every change is one commit, on disk when the promise resolves. */
export interface RecordStore extends Disposable {
  get(id: string): Promise<Upload | undefined>;
  /** The upload that a client knows by an id of its own. */
  findByClient(owner: string, clientId: string): Promise<Upload | undefined>;
  /**
   * Adds a new upload, and lets its client's id mean it from now on, in the place of `instead` (which is forgotten if
   * it was not finished). False, and nothing happens, when that id means another upload, or when the upload is finished
   * and its path has a {@linkcode claimant}.
   */
  create(upload: ReceivingUpload | CompleteUpload, instead?: Upload): Promise<boolean>;
  /**
   * The id of the finished upload whose record says that its file lies at `path`, or at one that is the same name. The
   * file may be gone already, taken away by hand, or by a removal that a crash has cut short: as long as the record is
   * there, the next file would pass for it.
   */
  claimant(path: string): Promise<string | undefined>;
  /**
   * Puts `after` in the place of `before`, and keeps the index of what is due in step. False, and nothing happens, when
   * it comes to claim a path that has a {@linkcode claimant}.
   */
  replace(before: Upload, after: Upload): Promise<boolean>;
  /** Forgets the upload altogether. */
  forget(upload: Upload): Promise<void>;
  /** The ids of the uploads that are due, the longest due first; its cost follows how many are asked for. */
  due(now: number): AsyncIterable<string>;
  /** When the upload that is due first is due; `undefined` when none ever is. */
  firstDueAt(): Promise<number | undefined>;
  /** The latest service time that was recorded, in milliseconds; `undefined` when none was. */
  serviceTime(): Promise<number | undefined>;
  /** Records the service time; it never goes back, whatever another process on the same records knows. */
  saveServiceTime(ms: number): Promise<void>;
}
