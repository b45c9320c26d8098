import { tooLarge, UploadError } from "../protocol/upload_error.ts";

/** Which files a queue takes. */
export interface QueueLimits {
  /** The largest file, in bytes. A larger one fails at once with `too-large`. */
  maxSize?: number | undefined;
  /**
   * Which kinds of files, written as for an input's `accept`: `.pdf`, `image/*`, `text/plain`, with commas between. Any
   * other one fails at once with `not-accepted`.
   */
  accept?: string | undefined;
  /** How many files the queue holds, without those that have failed. One more fails at once with `too-many`. */
  maxFiles?: number | undefined;
}

/** Why a file cannot be taken beside `others` files; `undefined` when it can. */
export function refusalOf(
  { name, type, size }: Pick<File, "name" | "type" | "size">,
  { maxSize = Infinity, accept, maxFiles = Infinity }: QueueLimits,
  others: number,
): UploadError | undefined {
  if (size > maxSize) return tooLarge(maxSize);
  if (accept !== undefined && !isAccepted(name, type, accept)) {
    return new UploadError("not-accepted", `"${name}" is of another kind than is taken here: choose one of ${accept}`);
  }
  if (others >= maxFiles) {
    return new UploadError("too-many", `No more than ${maxFiles} files are taken at a time: take one out of the list`);
  }
  return undefined;
}

/** As a browser's input decides it (HTML standard, the `accept` attribute): by the name's end or the media type. */
function isAccepted(name: string, type: string, accept: string): boolean {
  const [lowName, lowType] = [name.toLowerCase(), type.toLowerCase()];
  return accept.toLowerCase().split(",").map((kind) => kind.trim()).some((kind) => {
    if (kind === "") return false;
    if (kind.startsWith(".")) return lowName.endsWith(kind);
    if (kind === "*/*") return true;
    return kind.endsWith("/*") ? lowType.startsWith(kind.slice(0, -1)) : lowType === kind;
  });
}
