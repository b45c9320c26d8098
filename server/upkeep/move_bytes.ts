import { createHash } from "node:crypto";
import type { ByteStore, UnfinishedFile } from "../storage/store.ts";

/** After so many copied bytes they are made to survive, so that another run goes on behind them. */
const SAVED_EVERY = 64 * 1024 * 1024;

export interface CopyDeps {
  readonly bytes: Pick<ByteStore, "create" | "open">;
  readonly signal: AbortSignal;
  /** Called with how many bytes were copied. */
  readonly copied: (count: number) => void;
}

/** The bytes of an upload in the source. */
export interface Bytes {
  readonly id: string;
  readonly length: number;
  /** Reads all of them. */
  read(): ReadableStream<Uint8Array>;
}

/**
 * Gives an upload these bytes, behind those that it has from an earlier run, and calls `isRight` with its open file and
 * the SHA-256 of the bytes as they were read from the source. When that gives false, the earlier bytes were others: all
 * are copied anew, once. Throws when they are wrong again.
 */
export async function withBytes(
  deps: CopyDeps,
  bytes: Bytes,
  isRight: (file: UnfinishedFile, digest: string) => Promise<boolean>,
): Promise<void> {
  for (const isAgain of [false, true]) {
    const opened = await deps.bytes.open(bytes.id) ?? await deps.bytes.create(bytes.id);
    if (typeof opened === "string") throw new Error("another process writes to it in the new place: end that");
    await using file = opened;
    if (isAgain) await file.cut(0);
    if (await isRight(file, await fill(deps, file, bytes))) return;
  }
  throw new Error("its bytes are others in the new place: look at the disks and the memory of both machines");
}

async function fill(
  { signal, copied }: CopyDeps,
  file: UnfinishedFile,
  { length, read }: Bytes,
): Promise<string> {
  if (file.length > length) await file.cut(length);
  const first = file.length;
  const hash = createHash("sha256");
  let at = 0;
  let savedAt = first;
  for await (const piece of read()) {
    signal.throwIfAborted();
    hash.update(piece);
    const known = Math.min(piece.length, Math.max(0, first - at));
    if (known < piece.length) await file.write(piece.subarray(known));
    at += piece.length;
    copied(piece.length);
    if (at - savedAt < SAVED_EVERY) continue;
    // Nothing is cut off: this is the call after which all bytes survive, in a bucket too.
    await file.cut(file.length);
    savedAt = at;
  }
  if (at !== length) throw new Error(`its file has ${at} of the ${length} bytes that are recorded`);
  await file.flush();
  return hash.digest("hex");
}

/** The SHA-256 of what a stream gives. `read` is called with the length of each piece. */
export async function digestOf(
  stream: ReadableStream<Uint8Array>,
  { signal, read }: { readonly signal: AbortSignal; readonly read: (count: number) => void },
): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of stream) {
    signal.throwIfAborted();
    hash.update(piece);
    read(piece.length);
  }
  return hash.digest("hex");
}
