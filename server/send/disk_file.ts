import { basename } from "@std/path";

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
export type Look = Pick<Deno.FileInfo, "size" | "mtime" | "ino" | "dev">;

/** The place of a part in a file on the disk. Another thread can be told of it. */
export interface Place {
  readonly path: string;
  readonly look: Look;
  readonly start: number;
  readonly end: number;
}

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
    return new DiskPart({ path: this.#path, look: this.#look, start, end: Math.min(end, this.size) });
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.slice().arrayBuffer();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.slice().bytes();
  }

  override stream(): ReturnType<Blob["stream"]> {
    return this.slice().stream();
  }
}

/** A part of such a file. The runtime sends it by `stream()`, with its `size` as the length. */
export class DiskPart extends Blob {
  readonly place: Place;

  constructor({ path, look, start, end }: Place) {
    super();
    // More may be known of the file than another thread can be told.
    const { size, mtime, ino, dev } = look;
    this.place = { path, look: { size, mtime, ino, dev }, start, end: Math.max(start, end) };
  }

  override get size(): number {
    return this.place.end - this.place.start;
  }

  override slice(start = 0, end = this.size): Blob {
    const { place } = this;
    return new DiskPart({ ...place, start: place.start + start, end: Math.min(place.start + end, place.end) });
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    using file = await openAt(this.place);
    const bytes = new Uint8Array(this.size);
    await fill(file, bytes);
    // Small files are read once, so a change in the middle of that must show.
    await refuseChanged(file, this.place);
    return bytes;
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
        file ??= await openAt(this.place);
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

/** Opens the file at the beginning of a part. Rejects when it is not as it was looked at. */
async function openAt({ path, look, start }: Place): Promise<Deno.FsFile> {
  const file = await Deno.open(path);
  try {
    await refuseChanged(file, { look });
    await file.seek(start, Deno.SeekMode.Start);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Rejects when the open file is not as it was looked at. */
async function refuseChanged(file: Deno.FsFile, { look }: Pick<Place, "look">): Promise<void> {
  if (!isSame(await file.stat(), look)) throw new Error("The file was changed");
}

/** True when nothing shows that a file was changed between two looks at it. */
export function isSame(one: Look, other: Look): boolean {
  return one.size === other.size && one.mtime?.getTime() === other.mtime?.getTime() &&
    one.ino === other.ino && one.dev === other.dev;
}

/** Reads until `bytes` is full. Rejects when the file ends before that. */
async function fill(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) throw new RangeError(`The file ends ${bytes.length - at} bytes too early`);
    at += count;
  }
}
