import { isTakenOver } from "../../model/agree.ts";
import type { Bucket, ObjectInfo } from "./bucket.ts";
import { copiedPiece, MAX_COPY, type PlannedPart, planParts } from "./copy_plan.ts";
import { largeBytes, type Layout, lengthOf, type Multipart, type Piece, wholeObject } from "./layout.ts";
import { joinedBody } from "./part_queue.ts";
import { abortAll } from "./remover.ts";
import { hasStatus, isUnknownToServer, mayBeDone } from "./s3_error.ts";
import type { BucketWriter } from "./writer.ts";

/** The names of the metadata of a finished file's object: the upload's id, and when the client's file was modified. */
const UPLOAD = "pawl";
const MODIFIED = "pawl-modified";

/** How many parts of one file are put together at a time. */
const AT_A_TIME = 4;

/** True for the object of this upload's finished file. */
export function isObjectOf(
  info: ObjectInfo,
  { id, length }: { readonly id: string; readonly length: number },
): boolean {
  return isOfUpload(info, id) && info.length === length;
}

/** True for an object that says that it is this upload's finished file. */
export function isOfUpload(info: Pick<ObjectInfo, "metadata">, id: string): boolean {
  return info.metadata[UPLOAD] === id;
}

/** When the client's file was last modified, in milliseconds since 1970; otherwise when the object was made. */
export function modifiedAtOf({ metadata, madeAt }: ObjectInfo): number | undefined {
  const text = metadata[MODIFIED];
  return text !== undefined && /^-?\d{1,16}$/.test(text) ? Number(text) : madeAt;
}

export interface PlacingDeps {
  readonly bucket: Bucket;
  /** True when the server heeds `If-None-Match` as it puts an object. */
  readonly isConditional: boolean;
}

/**
 * Gives the bytes of an upload their finished name, `key`, in one step. False when another object is there (I8). A second
 * call changes nothing. Bytes that fit into one part are put; one object is copied; others are copied part by part. Throws
 * `taken-over` when another writer has the upload by now.
 */
export async function place(deps: PlacingDeps, writer: BucketWriter, key: string): Promise<boolean> {
  return await writer.unlessLost(() => tryToPlace(deps, writer, key));
}

async function tryToPlace({ bucket, isConditional }: PlacingDeps, writer: BucketWriter, key: string): Promise<boolean> {
  const { id, length } = writer;
  const isOurs = async () => {
    const info = await bucket.head(key);
    return info && isObjectOf(info, { id, length });
  };
  await writer.flush();
  const isSmall = largeBytes(writer.layout) === 0;
  // The condition says the same as this look, at the price of one request less.
  const known = isSmall && isConditional ? undefined : await isOurs();
  if (known !== undefined) return known;
  const options = { metadata: metadataOf(id, writer.layout), ifNone: isConditional };
  try {
    if (isSmall) await unlessBusy(() => bucket.put(key, writer.rest(), options));
    else await putTogether(bucket, writer, key, options);
    return true;
  } catch (error) {
    // Another object is there, or an earlier attempt was done and its answer was lost.
    if (!hasStatus(error, 409, 412)) throw error;
    const found = await isOurs();
    if (found === undefined) throw error;
    return found;
  }
}

/** How often an object is put while the server says that another request is at work on its key. */
const ATTEMPTS = 3;

async function unlessBusy(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !hasStatus(error, 409)) throw error;
    }
  }
}

/**
 * Copies an object that has all bytes. While that runs, the upload may be deleted elsewhere, and its name become another
 * one's: the condition keeps that one's file where the server has conditions for copies.
 */
async function copyWhole(bucket: Bucket, { key: from, size }: Piece, key: string, options: Options): Promise<void> {
  try {
    await unlessBusy(() => bucket.copy(from, key, size, options));
  } catch (error) {
    if (!options.ifNone || !isUnknownToServer(error)) throw error;
    await bucket.copy(from, key, size, { metadata: options.metadata });
  }
}

type Options = { readonly metadata: Readonly<Record<string, string>>; readonly ifNone: boolean };

async function putTogether(bucket: Bucket, writer: BucketWriter, key: string, options: Options): Promise<void> {
  const layout = await writer.complete();
  const whole = wholeObject(layout);
  if (whole !== undefined && whole.size <= MAX_COPY) {
    return await copyWhole(bucket, whole, key, options);
  }
  // An upload that a crash left would stay for ever: its key is not below the upload's own prefix.
  if (layout.placing !== undefined) await abortAll(bucket, layout.placing);
  await writer.setPlacing(key);
  const multipart = await bucket.begin(key, { metadata: options.metadata });
  const etags = await writer.unlessLost(() => sentParts(bucket, multipart, layout)).catch(async (error) => {
    // The writer that has the upload by now may have looked for this one already.
    if (isTakenOver(error)) await bucket.abort(multipart);
    throw error;
  });
  const listed = etags.map((etag, index) => ({ number: index + 1, etag }));
  try {
    await bucket.complete(multipart, listed, lengthOf(layout), { ifNone: options.ifNone });
  } catch (error) {
    // It is completed already if the answer of an earlier attempt was lost.
    const info = mayBeDone(error) ? await bucket.head(key) : undefined;
    if (info === undefined || !isObjectOf(info, { id: writer.id, length: lengthOf(layout) })) throw error;
  }
  await writer.setPlacing(undefined);
}

/** Puts the bytes of a layout into a multipart upload, and gives the ETags of its parts. */
async function sentParts(bucket: Bucket, multipart: Multipart, layout: Layout): Promise<string[]> {
  const parts = planParts([...layout.large, ...layout.small]);
  const etags: string[] = [];
  const one = async (part: PlannedPart, number: number) => {
    const copied = copiedPiece(part);
    return copied === undefined
      ? await bucket.putPart(multipart, number, joinedBody(bucket, part.pieces, []))
      : await bucket.copyPart(multipart, number, copied);
  };
  let next = 0;
  const some = async () => {
    for (let index = next++; index < parts.length; index = next++) etags[index] = await one(parts[index]!, index + 1);
  };
  const results = await Promise.allSettled(Array.from({ length: AT_A_TIME }, some));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return etags;
}

function metadataOf(id: string, { modifiedAt }: Layout): Record<string, string> {
  // A disk leaves fractions out too.
  return { [UPLOAD]: id, ...modifiedAt !== undefined && { [MODIFIED]: String(Math.trunc(modifiedAt)) } };
}
