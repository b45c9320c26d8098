import { crc32 } from "node:zlib";
import { centralHeader, descriptor, endOfZip, localHeader, type WrittenEntry, type ZipEntry } from "../model/zip.ts";
import type { FinishedFile } from "../storage/store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file of a ZIP file, which is opened in its turn. */
export interface ZippedFile extends ZipEntry {
  open(): Promise<FinishedFile>;
}

/** How many files are opened while one is read. */
const AHEAD = 2;

/** The length of the pieces that records and small files are gathered in, in bytes. */
const PIECE_BYTES = 64 * 1024;

/**
 * Makes a ZIP file of files, one after the other. Three files are open at most, and nothing of them is kept. The stream fails
 * if a file cannot be opened, or has another length than its entry. A piece is valid only until the next piece is read.
 * `sentSmall` is called with the bytes of each file that is not read as a stream, and `ended` once, when the stream ends,
 * fails or is cancelled.
 */
export function zipStream(
  files: readonly ZippedFile[],
  sentSmall: (bytes: number) => void = () => {},
  ended: () => void = () => {},
): ReadableStream<Bytes> {
  const pieces = zipPieces(files, sentSmall);
  let isOver = false;
  const end = () => {
    if (!isOver) ended();
    isOver = true;
  };
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next().catch((error) => {
        end();
        throw error;
      });
      if (!done) return controller.enqueue(value);
      end();
      controller.close();
    },
    async cancel() {
      end();
      await pieces.return();
    },
  }, { highWaterMark: 0 });
}

async function* zipPieces(
  files: readonly ZippedFile[],
  sentSmall: (bytes: number) => void,
): AsyncGenerator<Bytes, void> {
  const written: WrittenEntry[] = [];
  const gathered = new Gathered();
  let offset = 0;

  for await (const [file, opened] of openedAhead(files)) {
    const { name, length } = file;
    const modifiedAt = opened.modifiedAt ?? 0;
    const header = localHeader(file, modifiedAt);
    let checksum = 0;
    let remaining = length;
    // Between opening and reading nothing may be sent: a client that goes away then would leave the file open.
    const first = gathered.add(header);
    const isSmall = length < PIECE_BYTES;
    if (isSmall) sentSmall(length);
    for await (const piece of isSmall ? small(opened) : opened.read()) {
      yield* first.splice(0);
      checksum = crc32(piece, checksum);
      remaining -= piece.length;
      yield* gathered.add(piece);
    }
    if (remaining !== 0) throw new Error(`A file of ${length} bytes gave ${length - remaining} while it was read`);
    const end = descriptor(file, checksum);
    yield* [...first, ...gathered.add(end)];
    written.push({ name, length, crc32: checksum, modifiedAt, offset });
    offset += header.length + length + end.length;
  }

  let centralLength = 0;
  for (const entry of written) {
    const record = centralHeader(entry);
    centralLength += record.length;
    yield* gathered.add(record);
  }
  yield* gathered.add(endOfZip({ count: written.length, centralLength, offset }));
  yield* gathered.flush();
}

/** Opens the next files while one is read. Those that are not read are closed. */
async function* openedAhead(files: readonly ZippedFile[]): AsyncGenerator<[ZippedFile, FinishedFile]> {
  const ahead: Promise<FinishedFile>[] = [];
  try {
    for (const [at, file] of files.entries()) {
      while (ahead.length <= AHEAD && at + ahead.length < files.length) {
        const opening = files[at + ahead.length]!.open();
        // It is told in its turn.
        opening.catch(() => {});
        ahead.push(opening);
      }
      yield [file, await ahead.shift()!];
    }
  } finally {
    for (const opening of ahead) await opening.then((opened) => opened.close(), () => {});
  }
}

/** A small file in one piece, which costs less than a stream. Another length than the file's is noticed by the caller. */
async function* small(file: FinishedFile): AsyncGenerator<Bytes> {
  let content: Bytes;
  try {
    content = await file.head(file.length);
  } finally {
    file.close();
  }
  yield content;
}

/** Gathers short records into pieces, because each piece costs the runtime a turn. */
class Gathered {
  #buffer: Bytes = new Uint8Array(PIECE_BYTES);
  #length = 0;

  /** Adds bytes, of which it keeps a copy. Gives the pieces that are to be sent now. */
  add(bytes: Bytes): Bytes[] {
    const pieces = this.#length + bytes.length < PIECE_BYTES ? [] : this.flush();
    if (bytes.length >= PIECE_BYTES) return [...pieces, bytes];
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return pieces;
  }

  /** Gives what is left. */
  flush(): Bytes[] {
    if (this.#length === 0) return [];
    const piece = this.#buffer.subarray(0, this.#length);
    // The runtime may not be done with the piece when the next one is gathered.
    this.#buffer = new Uint8Array(PIECE_BYTES);
    this.#length = 0;
    return [piece];
  }
}
