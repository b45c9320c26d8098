import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import type { ReceivingUpload } from "./upload.ts";

/** The facts that a request to append announces about its body and about the file. */
export interface Announced {
  /** The byte of the file at which the body starts. */
  readonly offset: number;
  /** The body's length in bytes, if the client announced it. */
  readonly bodyLength?: number;
  /** The whole file's length in bytes, if the client announced it. */
  readonly length?: number;
  /** True when the body goes to the end of the file. If nothing else tells the file's length, the body's end does. */
  readonly toTheEnd: boolean;
  /** True when the last byte alone does not finish the upload: a request `toTheEnd` does that comes whole. */
  readonly awaitsEnd?: boolean;
  /** True when a body from byte 0 must not start over an upload that has bytes: a browser may have sent it twice. */
  readonly neverStartsOver?: boolean;
  /** True when a file that comes again counts once: see `comesAgain` in `decide.ts`. */
  readonly countsOnce?: boolean;
  /** Digests of the whole file. */
  readonly digests?: readonly Digest[];
}

/** The facts about the file that the record has. */
export type Known = Pick<ReceivingUpload, "offset" | "length" | "digests">;

/** The facts about the file on which record and request agree. */
export interface Agreed {
  readonly length?: number;
  readonly digests?: readonly Digest[];
  /** True when the client still has to say that the file is at its end. */
  readonly awaitsEnd?: true;
}

/**
 * Compares a request with what the record says of the file, before anything is written. Throws `wrong-offset`,
 * `size-changed`, `too-large` past the server's limit, and `too-long` past the file's length.
 */
export function agree(upload: Known, request: Announced, maxBytes: number): Agreed {
  const { offset, bodyLength } = request;
  if (offset !== upload.offset) throw wrongOffset(upload.offset);
  const told = announcedLength(request);
  const length = told ?? upload.length;
  if (told !== undefined && upload.length !== undefined && told !== upload.length) {
    throw new UploadError(
      "size-changed",
      `The file was ${upload.length} bytes long and is now ${told}: is it the same file?`,
      upload,
    );
  }
  if (length !== undefined && length < offset) throw tooLong(length, upload);
  checkSize(length ?? offset + (bodyLength ?? 0), maxBytes);
  if (length !== undefined && offset + (bodyLength ?? 0) > length) throw tooLong(length, upload);
  const digests = request.digests ?? upload.digests;
  return { ...defined({ length, digests }), ...request.awaitsEnd && { awaitsEnd: true } };
}

/**
 * The whole file's length in bytes, if the request's headers tell it: directly, or by the length of a body that goes to
 * the end of the file.
 */
export function announcedLength(
  { length, toTheEnd = false, offset, bodyLength }: Omit<Announced, "toTheEnd"> & { toTheEnd?: boolean },
): number | undefined {
  return length ?? (toTheEnd && bodyLength !== undefined ? offset + bodyLength : undefined);
}

/** True when a request brought a length or digests that the record does not have. */
export function tellsMore(known: Known, { length, digests }: Agreed): boolean {
  const textOf = (list: Agreed["digests"]) => list?.map(({ algorithm, value }) => `${algorithm}=${value}`).join();
  return length !== known.length || textOf(digests) !== textOf(known.digests);
}

/** Throws `too-large` for a length over the server's limit, in bytes. */
export function checkSize(length: number, maxBytes: number): void {
  if (length <= maxBytes) return;
  throw new UploadError("too-large", `The file is larger than this server takes: the limit is ${maxBytes} bytes`);
}

/** The refusal of a body that does not start at the upload's offset. */
export function wrongOffset(offset: number): UploadError {
  return new UploadError("wrong-offset", `The upload has ${offset} bytes: go on from there`, { offset });
}

/** The refusal of a body that starts at the recorded offset while an earlier request still appends behind it. */
export function stillReceiving(offset: number): UploadError {
  const message =
    "An earlier request still brings bytes of this upload: ask for its status in a few seconds, and go on from there";
  return new UploadError("locked", message, { offset });
}

/** The end of a request whose lock a later request took over. */
export function takenOver(offset?: number): UploadError {
  const message = "Another request has taken this upload over: ask how far it is";
  return new UploadError("taken-over", message, offset === undefined ? {} : { offset });
}

/** The refusal of a request for an upload that another process holds. */
export function lockedElsewhere(): UploadError {
  return new UploadError("locked", "Another server process is writing to this upload: try again in a few seconds");
}

/** True for the end of a request whose upload another one has. */
export function isTakenOver(error: unknown): boolean {
  return error instanceof UploadError && error.code === "taken-over";
}

/** The refusal of a body that goes past the file's length. */
export function tooLong(length: number, { offset }: { offset: number }): UploadError {
  return new UploadError("too-long", `More bytes than the file has: its length is ${length}, go on from ${offset}`, {
    offset,
  });
}
