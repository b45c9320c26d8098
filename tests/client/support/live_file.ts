/**
 * How a stream reads such a file: what lies there at each read, what lay there when the bytes were read ahead, or what lay
 * there when the stream was opened, because another file has been put in its place since.
 */
export type StreamWay = "now" | "ahead" | "opened";

/** How many bytes a stream reads ahead, as Chromium's do. */
const AHEAD_BYTES = 2 ** 21;

/**
 * A file whose parts read what lies on the disk at that moment, as in Firefox: its size and its time stay what they were
 * when it was chosen.
 */
export class LiveFile extends File {
  /** What lies on the disk now. */
  content: Uint8Array<ArrayBuffer>;
  /** Called before each read. */
  onRead: () => void = () => {};
  /** How its streams read it. */
  way: StreamWay = "now";
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

  override stream(): ReturnType<Blob["stream"]> {
    const file = this.#file;
    const read = () => {
      file.onRead();
      return file.content;
    };
    const opened = read();
    let [at, ahead, aheadAt] = [this.#start, new Uint8Array(0), this.#start];
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        if (at === aheadAt + ahead.length || file.way === "now") {
          const content = file.way === "opened" ? opened : read();
          [ahead, aheadAt] = [content.slice(at, Math.min(at + AHEAD_BYTES, this.#end)), at];
        }
        const memory = controller.byobRequest!.view as Uint8Array;
        const bytes = ahead.subarray(at - aheadAt, at - aheadAt + memory.byteLength);
        memory.set(bytes);
        at += bytes.length;
        if (bytes.length > 0) controller.byobRequest!.respond(bytes.length);
        if (bytes.length > 0 && at < this.#end) return;
        controller.close();
        if (bytes.length === 0) controller.byobRequest!.respond(0);
      },
    });
  }
}
