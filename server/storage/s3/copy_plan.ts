import type { Piece } from "./layout.ts";

/** The most bytes that one request copies as an object of their own. */
export const MAX_COPY = 5 * 1024 ** 3;
/** The length in bytes of the parts that a large file is put together from. */
const COPIED_PART = 64 * 1024 * 1024;
/** The most parts of a multipart upload. */
const MAX_PARTS = 10_000;

const MIB = 1024 * 1024;
/** AWS copies a range of an object only if that is longer than so many bytes ("UploadPartCopy" in its API reference). */
const LEAST_SOURCE = 5 * MIB;

/** A part of the finished file: the bytes of one piece, which the server copies, or of several, which are sent. */
export interface PlannedPart {
  readonly size: number;
  readonly pieces: readonly Piece[];
}

/**
 * Divides pieces into parts of one length, as Cloudflare R2 wants; the last may be shorter. A part that lies within one
 * piece can be copied by the server. `partBytes` is the length of the parts, which grows with a file that is too long.
 */
export function planParts(pieces: readonly Piece[], partBytes = COPIED_PART): PlannedPart[] {
  const length = pieces.reduce((sum, { size }) => sum + size, 0);
  const isTooLong = length > partBytes * MAX_PARTS;
  const size = isTooLong ? Math.ceil(length / MAX_PARTS / MIB) * MIB : partBytes;
  const parts: { size: number; pieces: Piece[] }[] = [];
  for (const piece of pieces) {
    for (let done = 0; done < piece.size;) {
      let part = parts.at(-1);
      if (part === undefined || part.size === size) parts.push(part = { size: 0, pieces: [] });
      const taken = Math.min(size - part.size, piece.size - done);
      part.pieces.push({ key: piece.key, from: piece.from + done, size: taken });
      part.size += taken;
      done += taken;
    }
  }
  return parts;
}

/** The piece that the server can copy as this part; `undefined` for a part that has to be sent. */
export function copiedPiece({ pieces }: PlannedPart): Piece | undefined {
  const [only, ...others] = pieces;
  const isWithinOne = only !== undefined && others.length === 0;
  return isWithinOne && only.from + only.size > LEAST_SOURCE ? only : undefined;
}
