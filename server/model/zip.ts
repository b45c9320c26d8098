import { Buffer } from "node:buffer";

// The records of a ZIP file (APPNOTE.TXT 6.3, https://pkware.com/appnote). Files are stored as they are, because most
// large files are compressed already. The checksum of a file follows its bytes, so nothing is read twice.

/** A file in a ZIP file, as far as it is known before its bytes are read. */
export interface ZipEntry {
  /** The path in the ZIP file, with `/` between the segments: at most 65 535 bytes of UTF-8. */
  readonly name: string;
  /** The length in bytes. */
  readonly length: number;
}

/** A file whose bytes are in the ZIP file. */
export interface WrittenEntry extends ZipEntry {
  readonly crc32: number;
  /** When it was last modified, in milliseconds since 1970. */
  readonly modifiedAt: number;
  /** The offset of its local header, in bytes. */
  readonly offset: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** From this value on, a field of four bytes holds this value, and a ZIP64 record holds the real one. */
const LARGE = 0xffff_ffff;
/** From this number of entries on, their field of two bytes holds this value, and the record the real number. */
const MANY = 0xffff;

/** The version that a reader needs: 1.0, or 4.5 for ZIP64. */
const [PLAIN_VERSION, ZIP64_VERSION] = [10, 45];
/** Bit 3: the checksum and the lengths follow the bytes. Bit 11: the name is in UTF-8. */
const FLAGS = 1 << 3 | 1 << 11;
/** The attributes of a plain file that its owner may write to, on Unix. */
const ATTRIBUTES = 0o100644 * 2 ** 16;

const LOCAL_BYTES = 30;
const LOCAL_ZIP64_BYTES = 20;
const CENTRAL_BYTES = 46;
const TIME_BYTES = 9;
const END_BYTES = 22;
/** The ZIP64 record of the end, and its locator. */
const END_ZIP64_BYTES = 56 + 20;

/** The length of a ZIP file with these entries in bytes. */
export function zipLength(entries: Iterable<ZipEntry>): number {
  let offset = 0;
  let centralLength = 0;
  let count = 0;
  for (const entry of entries) {
    centralLength += centralHeaderLength(entry, offset);
    offset += localHeaderLength(entry) + entry.length + descriptorLength(entry);
    count++;
  }
  return offset + centralLength + endLength({ count, centralLength, offset });
}

/** The record before the bytes of a file. */
export function localHeader(entry: ZipEntry, modifiedAt: number): Bytes {
  const name = utf8(entry.name);
  const large = isLarge(entry);
  const record = new Fields(localHeaderLength(entry));
  record.four(0x04034b50).two(large ? ZIP64_VERSION : PLAIN_VERSION).two(FLAGS).two(0).dosTime(modifiedAt);
  // Not known yet. In a ZIP64 entry the lengths behind the bytes take eight bytes each.
  record.four(0).four(large ? LARGE : 0).four(large ? LARGE : 0);
  record.two(name.length).two(TIME_BYTES + (large ? LOCAL_ZIP64_BYTES : 0)).bytes(name).time(modifiedAt);
  if (large) record.two(1).two(16).eight(0).eight(0);
  return record.done();
}

/** The record behind the bytes of a file. */
export function descriptor(entry: ZipEntry, crc32: number): Bytes {
  const record = new Fields(descriptorLength(entry)).four(0x08074b50).four(crc32);
  for (let field = 0; field < 2; field++) {
    if (isLarge(entry)) record.eight(entry.length);
    else record.four(entry.length);
  }
  return record.done();
}

/** The record of a file in the directory at the end. */
export function centralHeader(entry: WrittenEntry): Bytes {
  const { length, crc32, modifiedAt, offset } = entry;
  const name = utf8(entry.name);
  const zip64 = zip64Fields(entry, offset);
  const record = new Fields(centralHeaderLength(entry, offset));
  // Made by version 4.5 on Unix.
  record.four(0x02014b50).two(3 << 8 | ZIP64_VERSION).two(zip64.length > 0 ? ZIP64_VERSION : PLAIN_VERSION);
  record.two(FLAGS).two(0).dosTime(modifiedAt).four(crc32).four(Math.min(length, LARGE)).four(Math.min(length, LARGE));
  record.two(name.length).two(TIME_BYTES + zip64ExtraLength(zip64)).two(0).two(0).two(0).four(ATTRIBUTES);
  record.four(Math.min(offset, LARGE)).bytes(name).time(modifiedAt);
  if (zip64.length > 0) record.two(1).two(8 * zip64.length);
  for (const value of zip64) record.eight(value);
  return record.done();
}

/** The place of the directory in a ZIP file. */
export interface Directory {
  /** How many entries it has. */
  readonly count: number;
  readonly centralLength: number;
  readonly offset: number;
}

/** The record at the end of the ZIP file. */
export function endOfZip(directory: Directory): Bytes {
  const { count, centralLength, offset } = directory;
  const record = new Fields(endLength(directory));
  if (needsZip64(directory)) {
    record.four(0x06064b50).eight(44).two(3 << 8 | ZIP64_VERSION).two(ZIP64_VERSION).four(0).four(0);
    record.eight(count).eight(count).eight(centralLength).eight(offset);
    record.four(0x07064b50).four(0).eight(offset + centralLength).four(1);
  }
  const shortCount = Math.min(count, MANY);
  record.four(0x06054b50).two(0).two(0).two(shortCount).two(shortCount);
  record.four(Math.min(centralLength, LARGE)).four(Math.min(offset, LARGE)).two(0);
  return record.done();
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isLarge({ length }: ZipEntry): boolean {
  return length >= LARGE;
}

/** The values that a ZIP64 record of the directory holds, in their order. */
function zip64Fields({ length }: ZipEntry, offset: number): number[] {
  return [...length >= LARGE ? [length, length] : [], ...offset >= LARGE ? [offset] : []];
}

function zip64ExtraLength(values: readonly number[]): number {
  return values.length === 0 ? 0 : 4 + 8 * values.length;
}

function localHeaderLength(entry: ZipEntry): number {
  return LOCAL_BYTES + Buffer.byteLength(entry.name) + TIME_BYTES + (isLarge(entry) ? LOCAL_ZIP64_BYTES : 0);
}

function descriptorLength(entry: ZipEntry): number {
  return isLarge(entry) ? 24 : 16;
}

function centralHeaderLength(entry: ZipEntry, offset: number): number {
  return CENTRAL_BYTES + Buffer.byteLength(entry.name) + TIME_BYTES + zip64ExtraLength(zip64Fields(entry, offset));
}

function endLength(directory: Directory): number {
  return END_BYTES + (needsZip64(directory) ? END_ZIP64_BYTES : 0);
}

function needsZip64({ count, centralLength, offset }: Directory): boolean {
  return count >= MANY || centralLength >= LARGE || offset >= LARGE;
}

/** The first and the last time that MS-DOS has. */
const [FIRST_DOS_TIME, LAST_DOS_TIME] = [Date.UTC(1980, 0, 1), Date.UTC(2107, 11, 31, 23, 59, 58)];

/** Writes fields of a record one behind the other, the lowest byte first. */
class Fields {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  two(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  four(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  eight(value: number): this {
    this.#view.setBigUint64(this.#at, BigInt(value), true);
    this.#at += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** The time by MS-DOS, which has two seconds as its unit and no time zone. */
  dosTime(ms: number): this {
    const time = new Date(Math.min(Math.max(ms, FIRST_DOS_TIME), LAST_DOS_TIME));
    this.two(time.getUTCHours() << 11 | time.getUTCMinutes() << 5 | time.getUTCSeconds() >> 1);
    return this.two(time.getUTCFullYear() - 1980 << 9 | time.getUTCMonth() + 1 << 5 | time.getUTCDate());
  }

  /** The time by Unix, in seconds (Info-ZIP's extra field "extended timestamp"). Readers prefer it. */
  time(ms: number): this {
    const seconds = Math.min(Math.max(Math.floor(ms / 1000), -(2 ** 31)), 2 ** 31 - 1);
    return this.two(0x5455).two(5).bytes(new Uint8Array([1])).four(seconds >>> 0);
  }

  done(): Bytes {
    return this.#bytes;
  }
}
