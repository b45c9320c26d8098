import type { SourceFile } from "./source.ts";

/** Something that receives files and is measured beside Pawl. A new peer is one module with one of these. */
export interface Peer {
  /** Short and unique: the table's first column and the name in the JSON. */
  readonly name: string;
  /** What one must know to read the peer's figures, above all whether its bytes are on disk when it answers. */
  readonly note: string;
  /** Why the peer cannot take part on this machine, or `undefined` when it can. */
  missing(): Promise<string | undefined>;
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
}

/** What is asked of every peer, and how the result is proven. A new kind of load is one more of these. */
export interface Job {
  readonly name: string;
  /** How much is stored in all, in bytes. */
  readonly bytes: number;
  /** The part that is timed. */
  run(peer: RunningPeer, signal: AbortSignal): Promise<void>;
  /** Not timed. Throws `WrongResult` if what the peer stored is not what was sent. */
  verify(peer: RunningPeer): Promise<void>;
}

/** A peer stored something else than it was sent: its figures mean nothing and the benchmark fails. */
export class WrongResult extends Error {
  override name = "WrongResult";
}
