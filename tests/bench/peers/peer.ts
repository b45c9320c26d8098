import type { FormRest } from "../load.ts";
import type { SourceFile } from "../source.ts";

/** Something that receives files and is measured beside Pawl. A new peer is one module with one of these. */
export interface Peer {
  /** Short and unique: a column of the table and the name in the JSON. */
  readonly name: string;
  /** What one must know to read the peer's figures, above all whether its bytes are on disk when it answers. */
  readonly note: string;
  /** Why the peer cannot take part on this machine, or `undefined` when it can. */
  missing(signal: AbortSignal): Promise<string | undefined>;
  /** Starts the peer with an empty folder `dir` of its own; returns when it is ready. */
  start(dir: string, signal: AbortSignal): Promise<RunningPeer>;
}

/** A started peer; leaving its scope ends its process. */
export interface RunningPeer extends AsyncDisposable {
  /** The process whose CPU time and memory count, or `undefined` when there is none that outlives an upload. */
  readonly pid: number | undefined;
  /** Sends the file; returns when the peer has said that it holds all of it. Throws with the peer's words if it refuses. */
  upload(file: SourceFile, signal: AbortSignal): Promise<void>;
  /** Where the received bytes of `file` are, once `upload` has returned. */
  received(file: SourceFile): string;
  /** How one small file is sent to it in one request; absent where that is not measured. */
  readonly small?: SmallRequest;
  /** The address from which a file comes back, once `upload` has returned; absent where that is not measured. */
  address?(file: SourceFile): string;
}

/** One small file in one request; `########` stands for the file's number, with leading zeros. */
export interface SmallRequest {
  readonly port: number;
  /** The request's head, for a body of `SMALL_BYTES`. */
  readonly head: string;
  /** What the whole answer must match. */
  readonly expect: RegExp;
  /** The files of a request that has many of them. */
  readonly form?: FormRest;
  /** The folder in which the files come to lie. */
  readonly dir: string;
  /** True for the name of a file that the peer keeps for itself. */
  isOwn(name: string): boolean;
}

/** The size of a small file, in bytes. */
export const SMALL_BYTES = 4096;

/** How many digits the number of a small file has, with which it begins. */
export const SMALL_DIGITS = 8;

/** The bytes of a small file. */
export function smallBody(): string {
  return "#".repeat(SMALL_DIGITS) + "small file ".repeat(SMALL_BYTES).slice(0, SMALL_BYTES - SMALL_DIGITS);
}
