import { tooLarge, UploadError } from "../protocol/upload_error.ts";

/** The limits of a queue: which files it accepts. */
export interface QueueLimits {
  /** The size of the largest file, in bytes. A larger file fails at once with `too-large`. */
  maxSize?: number | undefined;
  /**
   * The kinds of files, written as for an input's `accept`: `.pdf`, `image/*` or `text/plain`, with commas between. Any
   * other file fails at once with `not-accepted`.
   */
  accept?: string | undefined;
  /** How many files the queue holds, without those that have failed. One file more fails at once with `too-many`. */
  maxFiles?: number | undefined;
}

/** Gives the reason why a file is not accepted beside `others` files; `undefined` when it is accepted. */
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

/**
 * True when a file is of a kind in `accept`, by the end of its name or by its media type (HTML standard, the `accept`
 * attribute).
 */
function isAccepted(name: string, type: string, accept: string): boolean {
  const [lowName, lowType] = [name.toLowerCase(), type.toLowerCase()];
  return accept.toLowerCase().split(",").map((kind) => kind.trim()).some((kind) => {
    if (kind === "") return false;
    if (kind.startsWith(".")) return lowName.endsWith(kind);
    if (kind === "*/*") return true;
    return kind.endsWith("/*") ? lowType.startsWith(kind.slice(0, -1)) : lowType === kind;
  });
}
