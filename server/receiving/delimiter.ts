const CR = 13;

/** Searches for one text of bytes that begins with a carriage return, as the delimiters of a multipart body do. */
export class Delimiter {
  readonly bytes: Uint8Array;
  /** By a byte: how far the text can be moved on when that byte lies under its end (Horspool's search). */
  readonly #steps: Uint8Array;

  /** `text` has at most 255 characters, each of one byte, and no carriage return but the first. */
  constructor(text: string) {
    this.bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const { length } = this.bytes;
    this.#steps = new Uint8Array(256).fill(length);
    for (let at = 0; at < length - 1; at++) this.#steps[this.bytes[at]!] = length - 1 - at;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** The place of the first whole delimiter from `start` on; -1 when there is none. The cost is linear. */
  indexIn(bytes: Uint8Array, start: number): number {
    const steps = this.#steps;
    const last = this.length - 1;
    for (let end = start + last; end < bytes.length; end += steps[bytes[end]!]!) {
      // Places that begin with a carriage return lie apart, so no byte is compared twice.
      if (bytes[end - last] === CR && this.isAt(bytes, end - last)) return end - last;
    }
    return -1;
  }

  /** The place from `start` on at which the bytes end with the beginning of a delimiter, or their end. */
  beginningIn(bytes: Uint8Array, start: number): number {
    for (let at = Math.max(start, bytes.length - this.length + 1); at < bytes.length; at++) {
      if (bytes[at] === CR && this.isAt(bytes, at)) return at;
    }
    return bytes.length;
  }

  /** True when the delimiter, or so much of it as fits, lies at a place. */
  isAt(bytes: Uint8Array, place: number): boolean {
    const length = Math.min(this.length, bytes.length - place);
    for (let at = 0; at < length; at++) {
      if (bytes[place + at] !== this.bytes[at]) return false;
    }
    return true;
  }
}
