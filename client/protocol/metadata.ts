/** Metadata of a file: a program's own texts, by keys of its own. */
export type Metadata = Readonly<Record<string, string>>;

const KEY = /^[A-Za-z0-9_.-]{1,64}$/;
/** A control character, or one half of a pair of UTF-16. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u;
const LONGEST = 8192;

/**
 * Makes the value of `X-File-Metadata`; `undefined` when there is nothing to tell. Throws a `RangeError` for metadata
 * that the server would refuse.
 */
export function metadataHeader(metadata: Metadata = {}): string | undefined {
  const pairs = Object.entries(metadata).map(([key, value]) => {
    if (!KEY.test(key)) {
      throw new RangeError(
        `Cannot send metadata with the key "${key}": use 1 to 64 letters of A to Z, digits, _ . or -`,
      );
    }
    if (typeof value !== "string" || FORBIDDEN.test(value)) {
      throw new RangeError(
        `Cannot send the metadata "${key}": give it a text without line breaks and control characters`,
      );
    }
    return `${key}=${encodeURIComponent(value)}`;
  });
  const header = pairs.join(",");
  if (header.length <= LONGEST) return header === "" ? undefined : header;
  throw new RangeError(`Cannot send metadata of ${header.length} bytes: ${LONGEST} are the most, percent-encoded`);
}
