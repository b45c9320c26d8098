import { hashOf } from "./sample.ts";

const LONGEST_NAME = 600;

/**
 * The `X-File-Id` of a file, in printable ASCII: its name (or its path, so that equal files of two folders stay apart),
 * size and time of last change, a `sample` of its bytes, so that a file that was changed is never taken for the same,
 * and a `secret` that only this browser knows, so that nobody else can guess the id.
 */
export function fileId(
  file: File,
  { path, sample, secret }: { path?: string | undefined; sample: string; secret: string },
): string {
  const name = shorten(encodeURIComponent(path ?? file.name));
  const parts = [name, file.size, file.lastModified, sample, secret];
  return parts.filter((part) => part !== "").join("-");
}

/** `id` as it is if it can stand in a header, percent-encoded if not. */
export function headerId(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}

/** An id has at most 1024 bytes, and a long name in Chinese has 2295 when it is percent-encoded. */
function shorten(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}~${hashOf(name)}`;
}
