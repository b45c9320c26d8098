import { isDiskFull, UploadError } from "../errors.ts";

/** What the disk or the database failed with, as the client is told it; `offset` bytes are kept. */
export function diskTrouble(offset: number, error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  return isDiskFull(error) ? diskFull(offset, error) : diskFailed(offset, error);
}

/** The disk, or the database on it, does not do what it should. */
export function diskFailed(offset: number, cause: unknown): UploadError {
  return new UploadError(
    "failed",
    `The server's disk has failed: it keeps the first ${offset} bytes, try again later`,
    { offset, cause },
  );
}

/** There is no space left. */
export function diskFull(offset: number, cause: unknown): UploadError {
  return new UploadError(
    "disk-full",
    `The server's disk is full: it keeps the first ${offset} bytes, go on from there when there is space again`,
    { offset, cause },
  );
}
