import { createHash } from "node:crypto";
import { basename } from "@std/path";

/** A file to send, with what is needed to prove that it arrived. */
export interface SourceFile {
  readonly path: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

const BLOCK = 1 << 20;

/** How much is read from a file in one go, in bytes; see `client.ts` for the measurement. */
const PIECE = 256 << 10;

/** Writes a new file of `size` bytes, a multiple of 1 MiB, in which no two blocks are equal. */
export async function makeSource(path: string, size: number, signal: AbortSignal): Promise<SourceFile> {
  using file = await Deno.open(path, { createNew: true, write: true });
  const hash = createHash("sha256");
  const block = randomBlock();
  const view = new DataView(block.buffer);
  for (let offset = 0; offset < size; offset += BLOCK) {
    signal.throwIfAborted();
    // A block that lands in the place of another must change the hash.
    view.setFloat64(0, offset);
    hash.update(block);
    for (let done = 0; done < BLOCK;) done += await file.write(block.subarray(done));
  }
  return { path, name: basename(path), size, sha256: hash.digest("hex") };
}

/** The file's bytes, in order. Each piece lies in the same memory as the one before: use it up before asking for the next. */
export async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(PIECE);
  for (let size = fill(file, buffer); size > 0; size = fill(file, buffer)) yield buffer.subarray(0, size);
}

/** Synchronous: from the page cache this takes less time than handing the read to another thread. */
function fill(file: Deno.FsFile, buffer: Uint8Array): number {
  return file.readSync(buffer) ?? 0;
}

function randomBlock(): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  // 64 KiB is the most that getRandomValues gives at once.
  for (let offset = 0; offset < BLOCK; offset += 65536) crypto.getRandomValues(block.subarray(offset, offset + 65536));
  return block;
}
