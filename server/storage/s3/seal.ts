import type { Bucket, ListedPart } from "./bucket.ts";
import type { Large, Multipart } from "./layout.ts";
import { hasReason, hasStatus, mayBeDone } from "./s3_error.ts";

/** How often the parts are listed anew, when further ones come in late. */
const ATTEMPTS = 6;

/**
 * Completes the multipart upload of a piece, whose parts have these ETags, so that its bytes can be read. May be called any number of times. A part
 * that a dead writer sent and nobody recorded may have come in, and may still: some servers refuse to complete without
 * it. It goes into the object then, behind the bytes that count. No part number ever stands for two different contents.
 * Gives true when the object may have more parts than the piece.
 */
export async function seal(bucket: Bucket, piece: Large, etags: readonly string[]): Promise<boolean> {
  const { key, uploadId } = piece;
  if (uploadId === undefined) return false;
  const multipart: Multipart = { key, uploadId };
  const needed = piece.from + piece.size;
  let parts: readonly Pick<ListedPart, "number" | "etag">[] = etags.map((etag, index) => ({ number: index + 1, etag }));
  for (let attempt = 1;; attempt++) {
    try {
      await bucket.complete(multipart, parts, needed);
      return parts.length > etags.length;
    } catch (error) {
      // An earlier call completed it, and its answer was lost; or the caller ended before it was recorded.
      const length = mayBeDone(error) ? (await bucket.head(key))?.length : undefined;
      if (length !== undefined && length >= needed) return length > needed;
      if (attempt === ATTEMPTS || !hasReason(error, "InvalidPart", "InvalidPartOrder", "EntityTooSmall")) throw error;
    }
    const listed = await listedParts(bucket, multipart);
    if (listed === undefined) continue;
    checkHasAll(listed, etags.length, key);
    parts = listed;
  }
}

/** The parts that came in; `undefined` when the multipart upload was completed since the last look. */
async function listedParts(bucket: Bucket, multipart: Multipart): Promise<readonly ListedPart[] | undefined> {
  try {
    return await bucket.parts(multipart);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

function checkHasAll(listed: readonly ListedPart[], count: number, key: string): void {
  for (let index = 0; index < count; index++) {
    if (listed[index]?.number !== index + 1) throw new Error(`The S3 server has lost part ${index + 1} of ${key}`);
  }
}
