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
  let header = "";
  for (const [key, value] of Object.entries(metadata)) {
    const isGood = KEY.test(key) && typeof value === "string" && !FORBIDDEN.test(value);
    if (isGood) header += `${header && ","}${key}=${encodeURIComponent(value)}`;
    if (!isGood || header.length > LONGEST) {
      throw new RangeError(
        `Cannot send the metadata "${key}": a key is 1 to 64 of A-Za-z0-9_.-, a value one line, ${LONGEST} bytes in all`,
      );
    }
  }
  return header || undefined;
}
