import type { CompleteUpload, ReceivingUpload, Upload } from "../model/upload.ts";
import type { IsClaimed, Wanted } from "./disk/placement.ts";

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

/** Where the bytes are. Ids are the server's own; paths are those that `place` gave. */
export interface ByteStore {
  /** The length of an unfinished upload's file; `undefined` when there is no file. */
  length(id: string): Promise<number | undefined>;
  /** Makes a new upload's file, for its one writer. `locked` when a writer in another process was faster. */
  create(id: string): Promise<Appender | "locked">;
  /**
   * Opens an unfinished upload's file for its one writer. `undefined` when there is none, `locked` when a writer in another
   * process holds it.
   */
  open(id: string): Promise<Appender | "locked" | undefined>;
  /** The bytes of an unfinished upload, from the one at `start` (0 where nothing is said) to the one before `end`. */
  readUnfinished(id: string, end: number, start?: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * Lets the bytes of an unfinished upload be another one's too, which has none yet: no byte is copied. Returns when that
   * would survive a power cut; done again, it is done. Before anything is appended, the first one must be given up.
   */
  adopt(from: string, id: string): Promise<void>;
  /**
   * Finds a path for a finished file that nothing has, under its own name or a numbered one, and makes its folders. A path
   * for which `isClaimed` is true is not given, although nothing may lie there.
   */
  choose(wanted: Wanted, isClaimed?: IsClaimed): Promise<string>;
  /**
   * Lets the bytes of an upload appear as a finished file, in one step, never in the place of another file: false where
   * there is one, or where the folder has gone. Done again, it is done. The upload's own entry stays until `leave`, which
   * must not come before `keep`: a power cut may take the new name back.
   */
  place(id: string, path: string): Promise<boolean>;
  /** Returns when a finished file's name would survive a power cut. */
  keep(path: string): Promise<void>;
  /** The same where nobody waits for it: with others, a moment later, at less cost. */
  keepSoon(path: string): Promise<void>;
  /** Sets when the file was last modified, in milliseconds since 1970. */
  setModified(id: string, time: number): Promise<void>;
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
  /** Opens a finished file; `undefined` when somebody has taken it away. The stream closes it. */
  openFinished(path: string): Promise<FinishedFile | undefined>;
  /** How many bytes there is space for; what was found less than `maxAgeMs` ago is new enough. */
  freeBytes(maxAgeMs?: number): Promise<number>;
  /** Removes a finished file, and returns when it would not come back after a power cut. */
  removeFinished(path: string): Promise<void>;
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
   * and its path {@linkcode isClaimed}.
   */
  create(upload: ReceivingUpload | CompleteUpload, instead?: Upload): Promise<boolean>;
  /**
   * True while the record of a finished upload says that its file lies at `path`. The file may be gone already, taken
   * away by hand, or by a removal that a crash has cut short: the next file there would pass for it.
   */
  isClaimed(path: string): Promise<boolean>;
  /**
   * Puts `after` in the place of `before`, and keeps the index of what is due in step. False, and nothing happens, when
   * it comes to claim a path that {@linkcode isClaimed}.
   */
  replace(before: Upload, after: Upload): Promise<boolean>;
  /** Forgets the upload altogether. */
  forget(upload: Upload): Promise<void>;
  /** The ids of the uploads that are due, the longest due first; its cost follows how many are asked for. */
  due(now: number): AsyncIterable<string>;
}
