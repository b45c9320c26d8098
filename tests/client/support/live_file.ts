/**
 * A file whose parts read what lies on the disk at that moment, as in Firefox: its size and its time stay what they were
 * when it was chosen.
 */
export class LiveFile extends File {
  /** What lies on the disk now. */
  content: Uint8Array<ArrayBuffer>;
  /** Called before each read. */
  onRead: () => void = () => {};
  readonly #size: number;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super([], "film.mkv", { lastModified: 5 });
    this.content = bytes;
    this.#size = bytes.length;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(start = 0, end = this.#size): Blob {
    return new LivePart(this, start, Math.min(end, this.#size));
  }
}

class LivePart extends Blob {
  readonly #file: LiveFile;
  readonly #start: number;
  readonly #end: number;

  constructor(file: LiveFile, start: number, end: number) {
    super();
    this.#file = file;
    this.#start = start;
    this.#end = end;
  }

  override get size(): number {
    return this.#end - this.#start;
  }

  override slice(start = 0, end = this.size): Blob {
    return new LivePart(this.#file, this.#start + start, this.#start + Math.min(end, this.size));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await Promise.resolve();
    this.#file.onRead();
    return this.#file.content.slice(this.#start, this.#end).buffer;
  }
}
