import { bytesOf } from "./bytes_of.ts";
import type { LocalFile } from "./local_file.ts";
import { Fnv64 } from "./file_id.ts";
import type { Fingerprint } from "../protocol/piece.ts";
import { UploadError } from "../protocol/upload_error.ts";

/** Read at a time where a script computes, so that the page is not held up. */
const STEP_BYTES = 2 ** 20;

/**
 * Computes what stands for the bytes of a piece; `undefined` where that cannot be done. Rejects when the piece cannot be
 * read.
 */
export type FingerprintOf = (piece: Blob) => Promise<Fingerprint | undefined>;

/**
 * SHA-256 by WebCrypto, which browsers have in secure contexts alone. Elsewhere a hash of 64 bits that a script computes:
 * it tells a change by accident, the server cannot check it. A digest takes a whole piece into the memory at once:
 * pieces of uploads that run beside each other come one after the other.
 */
export function createFingerprintOf(subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): FingerprintOf {
  const compute = subtle === undefined ? hashOfPiece : (piece: Blob) => digestOfPiece(piece, subtle);
  let before: Promise<unknown> = Promise.resolve();
  return (piece) => {
    const fingerprint = before.then(() => compute(piece));
    before = fingerprint.catch(() => {});
    return fingerprint;
  };
}

/**
 * The fingerprint of a part of a file; `undefined` where there is none, as for want of memory: sending tells whether it
 * can be read. Rejects with an `UploadError` when the file is not there any more.
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

async function digestOfPiece(piece: Blob, subtle: SubtleCrypto): Promise<Fingerprint> {
  const sha256 = new Uint8Array(await subtle.digest("SHA-256", await bytesOf(piece)));
  const contentDigest = `sha-256=:${btoa(String.fromCharCode(...sha256))}:`;
  return { text: contentDigest, contentDigest };
}

async function hashOfPiece(piece: Blob): Promise<Fingerprint> {
  const hash = new Fnv64();
  for (let at = 0; at < piece.size; at += STEP_BYTES) {
    hash.addWords(await bytesOf(piece.slice(at, Math.min(at + STEP_BYTES, piece.size))));
  }
  return { text: hash.hex };
}
