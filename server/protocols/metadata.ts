import { UploadError } from "../errors.ts";
import { type Fields, header } from "../http/header_names.ts";
import { percentDecoded, quote } from "./headers.ts";

/**
 * The longest `X-File-Metadata`, in bytes. In the form of tus it grows to 1.75 times as much at most, which is below the
 * 16 KiB that a client of tus may send.
 */
const MAX_LENGTH = 8 * 1024;

/** A pair: its key, and the value that is still percent-encoded. */
const PAIR = /^([A-Za-z0-9_.-]{1,64})=(.*)$/s;

/**
 * Reads `X-File-Metadata`: pairs of a key and a value, such as `note=caf%C3%A9`, with commas between them. Values are
 * percent-encoded UTF-8. Gives the pairs in the form of `Upload-Metadata` (tus 1.0.0, Creation), in which records keep
 * them. `undefined` when the header is absent or empty. Throws `bad-request` for anything malformed, for a repeated key,
 * and for a control character in a value.
 */
export function parseOwnMetadata(headers: Fields): string | undefined {
  const text = header(headers, "X-File-Metadata") ?? "";
  if (text === "") return undefined;
  if (text.length > MAX_LENGTH) throw malformed(`be at most ${MAX_LENGTH} bytes long`);
  const values = new Map<string, string>();
  for (const part of text.split(",")) {
    const [, key, encoded] = PAIR.exec(part.trim()) ?? [];
    if (key === undefined || encoded === undefined) {
      throw malformed(`be pairs like note=caf%C3%A9 with commas between, not ${quote(part.trim())}`);
    }
    const value = percentDecoded(encoded, "X-File-Metadata");
    if (/\p{Cc}/u.test(value)) throw malformed(`have no control character in the value of ${quote(key)}`);
    if (values.has(key)) throw malformed(`have ${quote(key)} only once`);
    values.set(key, value);
  }
  return [...values].map(tusPair).join(",");
}

/** A pair as tus has it. The space goes with an empty value. */
function tusPair([key, value]: [key: string, value: string]): string {
  return value === "" ? key : `${key} ${new TextEncoder().encode(value).toBase64()}`;
}

function malformed(rule: string): UploadError {
  return new UploadError("bad-request", `X-File-Metadata must ${rule}`);
}
