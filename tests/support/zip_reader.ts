import { assertEquals as assertAlike } from "@std/assert";
import { crc32 } from "node:zlib";

/** A file that a ZIP file has. */
export interface UnzippedFile {
  readonly name: string;
  readonly length: number;
  readonly crc32: number;
  /** In seconds since 1970. */
  readonly modifiedAt: number;
  readonly content: Uint8Array;
}

/** One for all: a ZIP file has two names for each of its files, and to make a decoder takes longer than to use it. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Value = number | string | boolean;

/** `assertEquals` for what a ZIP file of many thousand files has in each: it looks closer only where they differ. */
function assertEquals<T extends Value | readonly Value[]>(actual: T, expected: T): void {
  const [one, other] = [listOf(actual), listOf(expected)];
  const isAlike = one.length === other.length && one.every((value, at) => value === other[at]);
  if (!isAlike) assertAlike(actual, expected);
}

function listOf(value: Value | readonly Value[]): readonly Value[] {
  return typeof value === "object" ? value : [value];
}

/** Where the bytes of a ZIP file come from. */
export interface ZipSource {
  readonly length: number;
  read(start: number, length: number): Uint8Array;
}

/** Reads a ZIP file that lies in memory. */
export function unzip(bytes: Uint8Array): UnzippedFile[] {
  return readZip({ length: bytes.length, read: (start, length) => bytes.subarray(start, start + length) });
}

/**
 * Reads a ZIP file strictly: each record must be where another one says, and must agree with it. Contents of more than
 * `most` bytes are left out, and their checksums not computed.
 */
export function readZip(source: ZipSource, most = 2 ** 20): UnzippedFile[] {
  const { count, offset, length } = directoryOf(source);
  const directory = view(source, offset, length);
  const files: UnzippedFile[] = [];
  let at = 0;
  let next = 0;
  for (let index = 0; index < count; index++) {
    assertEquals(directory.getUint32(at, true), 0x02014b50);
    const [nameLength, extraLength] = [directory.getUint16(at + 28, true), directory.getUint16(at + 30, true)];
    const name = text(directory, at + 46, nameLength);
    const extra = extrasOf(directory, at + 46 + nameLength, extraLength);
    const zip64 = extra.get(1);
    let used = 0;
    const long = (value: number) => value === 0xffff_ffff ? Number(zip64!.getBigUint64(8 * used++, true)) : value;
    const size = long(directory.getUint32(at + 24, true));
    assertEquals(long(directory.getUint32(at + 20, true)), size);
    const start = long(directory.getUint32(at + 42, true));
    assertEquals([used * 8, directory.getUint16(at + 10, true)], [zip64?.byteLength ?? 0, 0]);
    assertEquals(directory.getUint16(at + 8, true), 0x808);
    const checksum = directory.getUint32(at + 16, true);
    assertEquals(start, next);
    const entry = { name, size, checksum, isLong: size >= 0xffff_ffff };
    const body = checkLocal(source, start, entry);
    next = checkDescriptor(source, body + size, entry);
    const content = size <= most ? source.read(body, size) : new Uint8Array();
    if (size <= most) assertEquals([name, crc32(content)], [name, checksum]);
    files.push({ name, length: size, crc32: checksum, modifiedAt: extra.get(0x5455)!.getInt32(1, true), content });
    at += 46 + nameLength + extraLength;
  }
  assertEquals([at, next], [length, offset]);
  return files;
}

interface Expected {
  readonly name: string;
  readonly size: number;
  readonly checksum: number;
  readonly isLong: boolean;
}

/** Checks a local header. Gives where the file's bytes begin. */
function checkLocal(source: ZipSource, start: number, { name, isLong }: Expected): number {
  const head = view(source, start, 30);
  const [nameLength, extraLength] = [head.getUint16(26, true), head.getUint16(28, true)];
  const rest = view(source, start + 30, nameLength + extraLength);
  const sizes = isLong ? 0xffff_ffff : 0;
  assertEquals(
    [head.getUint32(0, true), head.getUint16(6, true), head.getUint32(14, true), text(rest, 0, nameLength)],
    [0x04034b50, 0x808, 0, name],
  );
  assertEquals([head.getUint32(18, true), head.getUint32(22, true)], [sizes, sizes]);
  assertEquals(extrasOf(rest, nameLength, extraLength).has(1), isLong);
  return start + 30 + nameLength + extraLength;
}

/** Checks the record behind a file's bytes. Gives where it ends. */
function checkDescriptor(source: ZipSource, start: number, { size, checksum, isLong }: Expected): number {
  const length = isLong ? 24 : 16;
  const record = view(source, start, length);
  const sizes = isLong
    ? [Number(record.getBigUint64(8, true)), Number(record.getBigUint64(16, true))]
    : [record.getUint32(8, true), record.getUint32(12, true)];
  assertEquals([record.getUint32(0, true), record.getUint32(4, true), ...sizes], [0x08074b50, checksum, size, size]);
  return start + length;
}

function directoryOf(source: ZipSource): { count: number; offset: number; length: number } {
  const end = view(source, source.length - 22, 22);
  assertEquals(end.getUint32(0, true), 0x06054b50);
  const short = { count: end.getUint16(10, true), length: end.getUint32(12, true), offset: end.getUint32(16, true) };
  const isLong = short.count === 0xffff || short.length === 0xffff_ffff || short.offset === 0xffff_ffff;
  const locator = source.length < 42 ? undefined : view(source, source.length - 42, 20);
  assertEquals(locator?.getUint32(0, true) === 0x07064b50, isLong);
  if (!isLong) return short;
  const at = Number(locator!.getBigUint64(8, true));
  assertEquals(at, source.length - 22 - 20 - 56);
  const record = view(source, at, 56);
  assertEquals([record.getUint32(0, true), Number(record.getBigUint64(4, true))], [0x06064b50, 44]);
  const [count, length, offset] = [32, 40, 48].map((field) => Number(record.getBigUint64(field, true)));
  return { count: count!, length: length!, offset: offset! };
}

function extrasOf(record: DataView, start: number, length: number): Map<number, DataView> {
  const extras = new Map<number, DataView>();
  for (let at = start; at < start + length;) {
    const size = record.getUint16(at + 2, true);
    extras.set(record.getUint16(at, true), new DataView(record.buffer, record.byteOffset + at + 4, size));
    at += 4 + size;
  }
  return extras;
}

function view(source: ZipSource, start: number, length: number): DataView {
  const bytes = source.read(start, length);
  assertEquals(bytes.length, length);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

function text(record: DataView, at: number, length: number): string {
  return decoder.decode(new Uint8Array(record.buffer, record.byteOffset + at, length));
}
