import { basename } from "@std/path";

/** How much is read from the disk at a time for a digest, in bytes. */
const DIGESTED_BYTES = 2 ** 20;
/**
 * How much is read at a time while a part is sent, in bytes. Each read costs a turn of another thread, so a fast line
 * wants large reads. Bytes count as departed when they are read, so a slow line wants small ones.
 */
const SENT_BYTES = { least: 2 ** 16, most: 2 ** 21 } as const;
/** The reads of a part that is sent, by which their size is found: a part takes some seconds on any line. */
const READS_OF_PART = 32;
/** How many of these are read ahead, so that disk and network work at the same time. */
const CHUNKS_AHEAD = 2;

/** The facts by which a change of a file on the disk shows. */
type Look = Pick<Deno.FileInfo, "size" | "mtime" | "ino" | "dev">;

/**
 * A file on the disk, whose bytes are read when they are needed, so that memory stays flat. Each read rejects when the
 * file has another size, another time of last change, or was replaced since it was looked at.
 */
export class DiskFile extends File {
  /** The library checks less of a file that refuses to be read once it was changed. */
  readonly isWatched = true;
  readonly #path: string;
  readonly #look: Look;

  /** Reads nothing. `look` is what `Deno.stat` has told of the file. */
  constructor(path: string, look: Look, { name = basename(path), type = "" }: { name?: string; type?: string } = {}) {
    super([], name, { type, lastModified: look.mtime?.getTime() ?? 0 });
    this.#path = path;
    this.#look = look;
  }

  override get size(): number {
    return this.#look.size;
  }

  override slice(start = 0, end = this.size): Blob {
    return new DiskPart(this.#path, this.#look, { start, end: Math.min(end, this.size) });
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.slice().arrayBuffer();
  }

  override stream(): ReturnType<Blob["stream"]> {
    return this.slice().stream();
  }
}

/** A part of such a file. The runtime sends it by `stream()`, with its `size` as the length. */
export class DiskPart extends Blob {
  readonly #path: string;
  readonly #look: Look;
  readonly #start: number;
  readonly #end: number;

  constructor(path: string, look: Look, { start, end }: { start: number; end: number }) {
    super();
    this.#path = path;
    this.#look = look;
    this.#start = start;
    this.#end = Math.max(start, end);
  }

  override get size(): number {
    return this.#end - this.#start;
  }

  override slice(start = 0, end = this.size): Blob {
    const from = this.#start + start;
    return new DiskPart(this.#path, this.#look, { start: from, end: Math.min(this.#start + end, this.#end) });
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    using file = await openUnchanged(this.#path, this.#look);
    await file.seek(this.#start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(this.size);
    await fill(file, bytes);
    return bytes.buffer;
  }

  /**
   * Reads it once, and calls `use` with one part after the other, which is good until `use` returns. The next one is
   * read meanwhile.
   */
  async forEach(use: (bytes: Uint8Array<ArrayBuffer>) => void): Promise<void> {
    using file = await openUnchanged(this.#path, this.#look);
    await file.seek(this.#start, Deno.SeekMode.Start);
    let rest = this.size;
    if (rest === 0) return;
    // New memory for each read would cost more than the reading.
    const buffers = [0, 1].map(() => new Uint8Array(Math.min(DIGESTED_BYTES, rest)));
    const read = () => {
      buffers.reverse();
      const bytes = buffers[0]!.subarray(0, rest);
      rest -= bytes.length;
      const reading = fill(file, bytes).then(() => bytes);
      // An error comes to whoever waits for the bytes.
      reading.catch(() => {});
      return reading;
    };
    for (let reading: Promise<Uint8Array<ArrayBuffer>> | undefined = read(); reading !== undefined;) {
      const bytes: Uint8Array<ArrayBuffer> = await reading;
      reading = rest > 0 ? read() : undefined;
      use(bytes);
    }
  }

  override stream(): ReturnType<Blob["stream"]> {
    let file: Deno.FsFile | undefined;
    let rest = this.size;
    const chunkBytes = Math.min(SENT_BYTES.most, Math.max(SENT_BYTES.least, Math.ceil(rest / READS_OF_PART)));
    const close = () => {
      file?.close();
      file = undefined;
    };
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      if (rest === 0) return controller.close();
      try {
        if (file === undefined) {
          file = await openUnchanged(this.#path, this.#look);
          await file.seek(this.#start, Deno.SeekMode.Start);
        }
        const chunk = new Uint8Array(Math.min(chunkBytes, rest));
        await fill(file, chunk);
        rest -= chunk.length;
        controller.enqueue(chunk);
      } catch (error) {
        close();
        throw error;
      }
      if (rest > 0) return;
      close();
      controller.close();
    };
    return new ReadableStream({ pull, cancel: close }, { highWaterMark: CHUNKS_AHEAD });
  }
}

async function openUnchanged(path: string, look: Look): Promise<Deno.FsFile> {
  const file = await Deno.open(path);
  try {
    const now = await file.stat();
    const isSame = now.size === look.size && now.mtime?.getTime() === look.mtime?.getTime() &&
      now.ino === look.ino && now.dev === look.dev;
    if (!isSame) throw new Error("The file was changed");
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Reads until `bytes` is full. Rejects when the file ends before that. */
async function fill(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) throw new RangeError(`The file ends ${bytes.length - at} bytes too early`);
    at += count;
  }
}
