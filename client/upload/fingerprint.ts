import { bytesOf } from "./bytes_of.ts";
import type { LocalFile } from "./local_file.ts";
import { Fnv64 } from "./file_id.ts";
import type { Fingerprint } from "../protocol/piece.ts";
import { UploadError } from "../protocol/upload_error.ts";
import { type ByteReader, byteReader, partsOf } from "./parts_of.ts";

/** A larger piece is hashed in parts. A smaller one has a digest that every server knows. */
const WHOLE_BYTES = 2 ** 20;
/**
 * The bytes of such a part, by which the server hashes too. A script hashes as many at a time, so that the page stays
 * responsive. WebCrypto copies the bytes that it hashes into memory of its own. From 1 MiB on that memory is new each
 * time, and Chromium takes seven times as long to get it as to hash.
 */
const PART_BYTES = 2 ** 19;

/** The place of a piece in its file. */
export interface PiecePlace {
  /** The file. */
  file: Blob;
  /** The byte at which the piece starts. */
  start: number;
}

/**
 * Computes the fingerprint of a piece. Gives `undefined` when the browser cannot. Rejects when the piece cannot be
 * read. The place is given for a piece that is about to be sent.
 */
export type FingerprintOf = (piece: Blob, place?: PiecePlace) => Promise<Fingerprint | undefined>;

/** Opens a reader of a piece; `undefined` in a browser that has none. */
export type ReaderOf = (piece: Blob, place?: PiecePlace) => ByteReader | undefined;

/** Waits for a piece that is being read, as long as is right. It is read when `begun` resolves. */
export type ReadPatience = (read: Promise<unknown>, begun: Promise<unknown>) => Promise<unknown>;

/**
 * Makes the function that computes fingerprints. It computes SHA-256 by WebCrypto, which browsers have in secure
 * contexts only. Without WebCrypto, a script computes a hash of 64 bits. That hash shows an accidental change, but the
 * server cannot check it. The pieces of all uploads are computed one after the other, so that few bytes lie in memory.
 * Each waits for the one before it by `patience`. Large pieces are read by the readers of `readerOf`.
 */
export function createFingerprintOf(
  subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle,
  readerOf: ReaderOf = byteReader,
  patience: ReadPatience = (read) => read,
): FingerprintOf {
  let isFree: Promise<unknown> = Promise.resolve();
  return (piece, place) => {
    const fingerprint = isFree.then(() =>
      subtle === undefined ? hashOfPiece(piece) : digestOfPiece(piece, subtle, () => readerOf(piece, place))
    );
    isFree = patience(fingerprint.catch(() => {}), isFree);
    return fingerprint;
  };
}

/**
 * Computes the fingerprint of a part of a file. Gives `undefined` when it could not be computed, for example for lack
 * of memory. Rejects with an `UploadError` when the file is gone.
 */
export async function fingerprintIn(
  local: LocalFile,
  part: Blob,
  fingerprintOf: FingerprintOf,
): Promise<Fingerprint | undefined> {
  try {
    return await local.read(part, fingerprintOf);
  } catch (error) {
    if (error instanceof UploadError) throw error;
    return undefined;
  }
}

/** Gives the digest of bytes as headers say it (RFC 9530, section 2); `undefined` when the browser cannot. */
export async function digestOf(
  bytes: ArrayBuffer | Uint8Array<ArrayBuffer>,
  subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle,
): Promise<string | undefined> {
  return subtle === undefined ? undefined : fieldOf("sha-256", await subtle.digest("SHA-256", bytes));
}

async function digestOfPiece(
  piece: Blob,
  subtle: SubtleCrypto,
  open: () => ByteReader | undefined,
): Promise<Fingerprint> {
  const contentDigest = piece.size <= WHOLE_BYTES
    ? fieldOf("sha-256", await subtle.digest("SHA-256", await bytesOf(piece)))
    : fieldOf("sha-256-512k", await hashOfParts(piece, subtle, open()));
  return { text: contentDigest, contentDigest };
}

/** Gives the SHA-256 of the SHA-256 of each part. */
async function hashOfParts(piece: Blob, subtle: SubtleCrypto, reader: ByteReader | undefined): Promise<ArrayBuffer> {
  const hashes: ArrayBuffer[] = [];
  for await (const part of partsOf(piece, PART_BYTES, reader)) hashes.push(await subtle.digest("SHA-256", part));
  return await subtle.digest("SHA-256", await bytesOf(new Blob(hashes)));
}

function fieldOf(algorithm: string, hash: ArrayBuffer): string {
  return `${algorithm}=:${btoa(String.fromCharCode(...new Uint8Array(hash)))}:`;
}

async function hashOfPiece(piece: Blob): Promise<Fingerprint> {
  const hash = new Fnv64();
  for (let at = 0; at < piece.size; at += PART_BYTES) {
    hash.addWords(await bytesOf(piece.slice(at, at + PART_BYTES)));
  }
  return { text: hash.hex };
}
