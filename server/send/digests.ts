import { createHash } from "node:crypto";
import type { FingerprintOf } from "../../client/mod.ts";
import { DiskPart } from "./disk_file.ts";

/**
 * Computes the digest of a piece, which the server checks, while the piece is read. The memory that it takes does not
 * grow with the piece.
 */
export const digestOfPiece: FingerprintOf = async (piece) => {
  const hash = createHash("sha256");
  if (piece instanceof DiskPart) await piece.forEach((bytes) => hash.update(bytes));
  else hash.update(await piece.bytes());
  const contentDigest = digestField(hash.digest("base64"));
  return { text: contentDigest, contentDigest };
};

/** The value of a digest header (RFC 9530, section 2) for a SHA-256 in base64. */
export function digestField(sha256: string): string {
  return `sha-256=:${sha256}:`;
}
