import { Buffer } from "node:buffer";
import { Delimiter } from "./delimiter.ts";

/** Takes the bytes of one part. The parser waits for the promises that it gets. */
export interface PartSink {
  /** Takes the next bytes, which are valid until the promise resolves. */
  write(bytes: Uint8Array): Promise<void> | void;
  /** Called when all bytes of the part came. */
  end(): Promise<void> | void;
}

/** Begins a part. `head` is its header lines as they were sent, one character for each byte. */
export type OnPart = (head: string) => PartSink;

/** Thrown for a body that is not multipart. */
export class MultipartError extends Error {
  override name = "MultipartError";
}

/** The longest headers of one part, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** The most blanks behind a delimiter (RFC 2046, section 5.1.1, transport padding). */
const MAX_PADDING = 64;

/** The most bytes behind the last delimiter. They are thrown away. */
const MAX_EPILOGUE = 1024;

const [CR, LF, DASH, SPACE, TAB] = [13, 10, 45, 32, 9] as const;

/**
 * Parses a multipart body (RFC 2046, section 5.1), piece by piece as it comes. It keeps no more than one part's headers
 * and the beginning of a delimiter. It is strict: nothing comes before the first part, and the boundary's name behind a
 * line break ends a part, whatever follows.
 */
export class MultipartParser {
  readonly #delimiter: Delimiter;
  readonly #onPart: OnPart;
  #state: "begin" | "delimited" | "head" | "blank" | "body" | "over" = "begin";
  /** The bytes that cannot be understood without those that follow. The first delimiter lacks its line break. */
  #kept: Uint8Array = Uint8Array.of(CR, LF);
  /** How many of the kept bytes of a part's headers were searched for their end. */
  #searched = 0;
  #sink: PartSink | undefined;
  #epilogue = 0;

  /** `boundary` is 1 to 70 characters of printable ASCII. */
  constructor(boundary: string, onPart: OnPart) {
    this.#delimiter = new Delimiter(`\r\n--${boundary}`);
    this.#onPart = onPart;
  }

  /** True when the last delimiter came. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Takes the next bytes. Throws {@linkcode MultipartError}, and what a part's sink throws. */
  async write(bytes: Uint8Array): Promise<void> {
    const all = this.#kept.length === 0 ? bytes : joined(this.#kept, bytes);
    let at = 0;
    for (;;) {
      if (this.#state === "body") {
        const found = this.#delimiter.indexIn(all, at);
        const end = found < 0 ? this.#delimiter.beginningIn(all, at) : found;
        if (end > at) await this.#sink!.write(all.subarray(at, end));
        at = end;
        if (found < 0) break;
        at += await this.#endPart();
      } else {
        const next = this.#state === "blank" ? await this.#blank(all, at) : this.#next(all, at);
        if (next === undefined) break;
        at = next;
      }
    }
    this.#kept = all.slice(at);
  }

  /** Goes on from `at`, and gives the place behind what it understood; `undefined` when that takes further bytes. */
  #next(all: Uint8Array, at: number): number | undefined {
    switch (this.#state) {
      case "begin":
        return this.#begin(all);
      case "delimited":
        return this.#afterDelimiter(all, at);
      case "head":
        return this.#head(all, at);
      default:
        return this.#afterAll(all, at);
    }
  }

  #begin(all: Uint8Array): number | undefined {
    // Some clients send a line break first.
    const start = all.length > 2 && all[2] === CR ? 2 : 0;
    if (!this.#delimiter.isAt(all, start)) throw new MultipartError("The body does not begin with its boundary");
    if (all.length < start + this.#delimiter.length) return undefined;
    this.#state = "delimited";
    return start + this.#delimiter.length;
  }

  /** Gives the place of the line break behind a delimiter. */
  #afterDelimiter(all: Uint8Array, at: number): number | undefined {
    if (at + 2 > all.length) return undefined;
    if (all[at] === DASH && all[at + 1] === DASH) {
      this.#state = "over";
      return at + 2;
    }
    let end = at;
    while (end - at < MAX_PADDING && (all[end] === SPACE || all[end] === TAB)) end++;
    if (end + 2 > all.length) return undefined;
    if (all[end] !== CR || all[end + 1] !== LF) throw new MultipartError("More than the boundary is on its line");
    this.#state = "head";
    this.#searched = 0;
    return end;
  }

  /** Gives the place of the line break of the empty line behind a part's headers. */
  #head(all: Uint8Array, at: number): number | undefined {
    for (let end = at + this.#searched; end + 4 <= all.length; end++) {
      end = all.indexOf(CR, end);
      if (end < 0 || end + 4 > all.length) break;
      if (all[end + 1] !== LF || all[end + 2] !== CR || all[end + 3] !== LF) continue;
      if (end - at > MAX_HEAD_BYTES) break;
      // In a part without headers, the line break behind its delimiter is the one before the empty line.
      this.#sink = this.#onPart(latin1(all.subarray(at + 2, Math.max(end, at + 2))));
      this.#state = "blank";
      return end + 2;
    }
    if (all.length - at > MAX_HEAD_BYTES) {
      throw new MultipartError(`The headers of a part are longer than ${MAX_HEAD_BYTES} bytes`);
    }
    this.#searched = Math.max(0, all.length - at - 3);
    return undefined;
  }

  /** The line break of the empty line may be the one of a delimiter: the part has no body then, not even an empty one. */
  async #blank(all: Uint8Array, at: number): Promise<number | undefined> {
    if (!this.#delimiter.isAt(all, at)) {
      this.#state = "body";
      return at + 2;
    }
    if (all.length < at + this.#delimiter.length) return undefined;
    return at + await this.#endPart();
  }

  /** Ends the part, and gives the length of its delimiter. */
  async #endPart(): Promise<number> {
    const sink = this.#sink!;
    this.#sink = undefined;
    this.#state = "delimited";
    await sink.end();
    return this.#delimiter.length;
  }

  #afterAll(all: Uint8Array, at: number): number | undefined {
    this.#epilogue += all.length - at;
    if (this.#epilogue > MAX_EPILOGUE) throw new MultipartError("Bytes follow the last boundary");
    return at < all.length ? all.length : undefined;
  }
}

/** Gives each byte as one character. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
