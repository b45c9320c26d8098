import { percentEncoded } from "../protocol/percent_encoded.ts";
import { bytesOf } from "./bytes_of.ts";

const LONGEST_NAME = 600;
const PART_BYTES = 64 * 1024;

/**
 * Makes the `X-File-Id` of a file, in printable ASCII. It is made of the name, the size and the time of last change. If
 * there is a `path`, it stands for the name, so that equal files of two folders have two ids. The `sample` of the bytes
 * gives a changed file another id. The `secret` is known to this browser alone, so that nobody else can guess the id.
 */
export function fileId(
  file: File,
  { path, sample, secret }: { path?: string | undefined; sample: string; secret: string },
): string {
  const name = shorten(percentEncoded(path ?? file.name));
  const parts = [name, file.size, file.lastModified, sample, secret];
  return parts.filter((part) => part !== "").join("-");
}

/** Gives `id` as it is if it can stand in a header, and percent-encoded otherwise. */
export function headerId(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : percentEncoded(id);
}

/**
 * Shortens a name, because an id has at most 1024 bytes. A long name in Chinese has 2295 when it is percent-encoded.
 */
function shorten(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}~${hashOf(name)}`;
}

/**
 * Gives a hash, of 16 hexadecimal digits, of the beginning, the middle and the end of a file. It tells apart two files
 * of the same name, size and time, and reads only 192 KiB. It is no proof: somebody can make two files with one hash on
 * purpose. Rejects when the file cannot be read.
 */
export async function sampleOf(file: Blob): Promise<string> {
  const hash = new Fnv64();
  for (const [start, end] of sampledParts(file.size)) hash.addWords(await bytesOf(file.slice(start, end)));
  return hash.hex;
}

/** Gives the same hash as {@linkcode sampleOf}, of a file whose bytes are in memory. */
export function sampleOfBytes(bytes: ArrayBuffer): string {
  const hash = new Fnv64();
  for (const [start, end] of sampledParts(bytes.byteLength)) {
    hash.addWords(end - start === bytes.byteLength ? bytes : bytes.slice(start, end));
  }
  return hash.hex;
}

function sampledParts(size: number): [start: number, end: number][] {
  const middle = Math.max(0, Math.floor((size - PART_BYTES) / 2));
  const starts = new Set([0, middle, Math.max(0, size - PART_BYTES)]);
  return [...starts].map((start) => [start, Math.min(start + PART_BYTES, size)]);
}

/** Gives a short hash of a text, of 16 hexadecimal digits. */
export function hashOf(text: string): string {
  const hash = new Fnv64();
  hash.add(new TextEncoder().encode(text));
  return hash.hex;
}

/** The hash FNV-1a of 64 bits, kept as two halves of 32. */
export class Fnv64 {
  #high = 0xcbf29ce4;
  #low = 0x84222325;

  get hex(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /**
   * Adds four bytes at a time. The result is not FNV-1a any more, but it shows a change as well, in a quarter of the
   * time.
   */
  addWords(bytes: ArrayBuffer): void {
    const whole = bytes.byteLength >>> 2;
    this.add(new Uint32Array(bytes, 0, whole));
    this.add(new Uint8Array(bytes, 4 * whole));
  }

  add(bytes: Uint8Array | Uint32Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < bytes.length; i++) {
      low = (low ^ bytes[i]!) >>> 0;
      // The product with 2^40 + 0x1b3, modulo 2^64.
      const product = low * 0x1b3;
      high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x100000000) + (low << 8)) >>> 0;
      low = product >>> 0;
    }
    this.#high = high;
    this.#low = low;
  }
}
