import { UploadError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import type { ReceivingUpload } from "./upload.ts";

/** What a request to append says of its body and of the file. */
export interface Announced {
  /** Where in the file the body starts, in bytes. */
  readonly offset: number;
  /** The body's length in bytes, where the client told it. */
  readonly bodyLength?: number;
  /** The whole file's length in bytes, where the client told it. */
  readonly length?: number;
  /** The body goes to the end of the file: that is where the length comes from when nothing tells it. */
  readonly toTheEnd: boolean;
  /** A body from byte 0 must not begin anew where there are bytes of this file: it may be the repetition of an earlier one. */
  readonly neverStartsOver?: boolean;
  /** Digests of the whole file. */
  readonly digests?: readonly Digest[];
}

/** What is known of the upload. */
export type Known = Pick<ReceivingUpload, "offset" | "length" | "digests">;

/** What upload and request together say of the file. */
export interface Agreed {
  readonly length?: number;
  readonly digests?: readonly Digest[];
}

/**
 * Holds a request against what is known of the upload. Throws, before anything is written, where they do not agree:
 * `wrong-offset`, `size-changed`, `too-large` for the limit of the server, `too-long` for the length of the file.
 */
export function agree(upload: Known, request: Announced, maxBytes: number): Agreed {
  const { offset, bodyLength } = request;
  if (offset !== upload.offset) throw wrongOffset(upload.offset);
  const told = toldLength(request);
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
  return { ...length !== undefined && { length }, ...digests !== undefined && { digests } };
}

/** The whole file's length in bytes, as far as a request tells it. */
export function toldLength({ length, toTheEnd, offset, bodyLength }: Announced): number | undefined {
  return length ?? (toTheEnd && bodyLength !== undefined ? offset + bodyLength : undefined);
}

/** True when what is agreed on is not what is known already. */
export function tellsMore(known: Known, { length, digests }: Agreed): boolean {
  const textOf = (list: Agreed["digests"]) => list?.map(({ algorithm, value }) => `${algorithm}=${value}`).join();
  return length !== known.length || textOf(digests) !== textOf(known.digests);
}

/** Throws `too-large` for a file over the server's limit. */
export function checkSize(length: number, maxBytes: number): void {
  if (length <= maxBytes) return;
  throw new UploadError("too-large", `The file is larger than this server takes: the limit is ${maxBytes} bytes`);
}

/** A body that starts anywhere but where the server's bytes end. */
export function wrongOffset(offset: number): UploadError {
  return new UploadError("wrong-offset", `The upload has ${offset} bytes: go on from there`, { offset });
}

/** Another request has come for the same upload. */
export function takenOver(offset?: number): UploadError {
  const message = "Another request has taken this upload over: ask how far it is";
  return new UploadError("taken-over", message, offset === undefined ? {} : { offset });
}

/** More bytes than the file has. */
export function tooLong(length: number, { offset }: { offset: number }): UploadError {
  return new UploadError("too-long", `More bytes than the file has: its length is ${length}, go on from ${offset}`, {
    offset,
  });
}
