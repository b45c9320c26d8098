import { createHash } from "node:crypto";
import type { Fingerprint } from "../../client/mod.ts";
import { DiskPart } from "./disk_file.ts";
import type { DigestThread } from "./digest_thread.ts";

/** A larger part is worth the thread. A smaller one is hashed here in less time than a message to the thread takes. */
const SMALL_BYTES = 2 ** 20;

/** Computes the digest of a piece, which the server checks. A large part of a file is read and hashed by `thread`. */
export async function digestOfPiece(piece: Blob, thread: Pick<DigestThread, "sha256Of">): Promise<Fingerprint> {
  const sha256 = piece instanceof DiskPart && piece.size > SMALL_BYTES
    ? await thread.sha256Of(piece.place)
    : createHash("sha256").update(await piece.bytes()).digest("base64");
  const contentDigest = digestField(sha256);
  return { text: contentDigest, contentDigest };
}

/** The value of a digest header (RFC 9530, section 2) for a SHA-256 in base64. */
export function digestField(sha256: string): string {
  return `sha-256=:${sha256}:`;
}
