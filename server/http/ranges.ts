import type { Part } from "../storage/store.ts";

/**
 * Reads the `Range` of a request for a file of `length` bytes (RFC 9110, section 14.2). Gives `"whole"` when the header
 * is to be ignored: it is absent or malformed, has another unit, or asks for several ranges. Gives `"unsatisfiable"`
 * when the range begins behind the file's last byte. A range that ends behind it is cut. A part has one byte at
 * least.
 */
export function parseRange(text: string | null, length: number): Part | "whole" | "unsatisfiable" {
  const [, list] = /^bytes=(.*)$/i.exec(text ?? "") ?? [];
  // A list may have empty elements (section 5.6.1.2).
  const ranges = list?.split(",").map((range) => range.trim()).filter((range) => range !== "");
  const [, first = "", last = ""] = /^(\d*)-(\d*)$/.exec(ranges?.[0] ?? "") ?? [];
  if (ranges?.length !== 1 || first === "" && last === "") return "whole";
  return first === "" ? suffix(Number(last), length) : between(Number(first), last, length);
}

/** The value of `Content-Range` for a part of a file of `length` bytes (RFC 9110, section 14.4). */
export function contentRange({ start, end }: Part, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}

/** The value of `Content-Range` in the refusal of a range of a file of `length` bytes. */
export function unsatisfiedRange(length: number): string {
  return `bytes */${length}`;
}

/** The last `count` bytes. An empty file has no bytes that a `Content-Range` could name, so all of it is given. */
function suffix(count: number, length: number): ReturnType<typeof parseRange> {
  if (count === 0) return "unsatisfiable";
  return length === 0 ? "whole" : { start: Math.max(length - count, 0), end: length };
}

function between(first: number, last: string, length: number): ReturnType<typeof parseRange> {
  if (last !== "" && Number(last) < first) return "whole";
  if (first >= length) return "unsatisfiable";
  return { start: first, end: last === "" ? length : Math.min(Number(last) + 1, length) };
}
