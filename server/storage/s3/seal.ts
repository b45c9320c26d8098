import type { Bucket, ListedPart } from "./bucket.ts";
import type { Large, Multipart } from "./layout.ts";
import { hasReason, hasStatus } from "./s3_error.ts";

/** How often the parts are listed anew, when further ones come in late. */
const ATTEMPTS = 6;

/**
 * Completes the multipart upload of a piece, so that its bytes can be read. May be called any number of times. A part
 * that a dead writer sent and nobody recorded may have come in, and may still: some servers refuse to complete without
 * it. It goes into the object then, behind the bytes that count. No part number ever stands for two different contents.
 */
export async function seal(bucket: Bucket, piece: Large): Promise<void> {
  const { key, uploadId, etags = [] } = piece;
  if (uploadId === undefined) return;
  const multipart: Multipart = { key, uploadId };
  const needed = piece.from + piece.size;
  let parts: readonly Pick<ListedPart, "number" | "etag">[] = etags.map((etag, index) => ({ number: index + 1, etag }));
  for (let attempt = 1;; attempt++) {
    try {
      return await bucket.complete(multipart, parts, needed);
    } catch (error) {
      // An earlier call completed it, and its answer was lost; or the caller ended before it was recorded.
      if (hasStatus(error, 404) && await isThere(bucket, key, needed)) return;
      if (attempt === ATTEMPTS || !hasReason(error, "InvalidPart", "InvalidPartOrder", "EntityTooSmall")) throw error;
    }
    const listed = await bucket.parts(multipart);
    checkHasAll(listed, etags.length, key);
    parts = listed;
  }
}

async function isThere(bucket: Bucket, key: string, needed: number): Promise<boolean> {
  const info = await bucket.head(key);
  return info !== undefined && info.length >= needed;
}

function checkHasAll(listed: readonly ListedPart[], count: number, key: string): void {
  for (let index = 0; index < count; index++) {
    if (listed[index]?.number !== index + 1) throw new Error(`The S3 server has lost part ${index + 1} of ${key}`);
  }
}
