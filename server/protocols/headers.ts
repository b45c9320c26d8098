import { parseDictionary } from "structured-headers";
import { UploadError } from "../errors.ts";
import { type Digest, DIGEST_BYTES, isDigestAlgorithm, PARTS_ALGORITHM } from "../model/digest.ts";
import { type Fields, header, type RequestHeader } from "../http/header_names.ts";

/**
 * Reads a whole number of at most 15 digits from a header. `undefined` when the header is absent. Throws `bad-request`
 * for anything else, also for two values.
 */
export function parseInteger(headers: Fields, name: RequestHeader): number | undefined {
  const text = header(headers, name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw new UploadError("bad-request", `${name} must be one whole number of at most 15 digits, not ${quote(text)}`);
  }
  return Number(text);
}

/**
 * Reads a time in milliseconds since 1970. It may have a sign or a fraction. `undefined` for anything else, and for a
 * time that no `Date` can hold.
 */
export function parseTime(text: string): number | undefined {
  if (!/^[+-]?\d{1,16}(?:\.\d{0,20})?$/.test(text)) return undefined;
  const time = Number(text);
  return Number.isNaN(new Date(time).getTime()) ? undefined : time;
}

/**
 * Reads percent-encoded UTF-8 from a header. Plain bytes of UTF-8, which some clients send, are read too. `undefined`
 * when the header is absent. Throws `bad-request` for anything else.
 */
export function parsePercentEncoded(headers: Fields, name: RequestHeader): string | undefined {
  const text = header(headers, name);
  return text === null ? undefined : percentDecoded(text, name);
}

/**
 * Reads a path that is percent-encoded between its slashes, as {@linkcode parsePercentEncoded} does. No segment may
 * decode to a slash.
 */
export function parsePercentEncodedPath(headers: Fields, name: RequestHeader): string | undefined {
  const parts = header(headers, name)?.split("/").map((part) => percentDecoded(part, name));
  if (!parts?.some((part) => part.includes("/"))) return parts?.join("/");
  throw new UploadError("bad-request", `${name} must have its slashes as they are, percent-encoded text between them`);
}

/** Decodes a header whose bytes may be UTF-8. The runtime gives each byte as one character. */
export function headerText(value: string): string {
  return decodeBytes(value, false) ?? value;
}

/**
 * Reads the digests that Pawl can check from a `Content-Digest` or `Repr-Digest` header (RFC 9530, sections 2 and 3).
 * Other algorithms are ignored. `undefined` when there is none. Throws `bad-request` for a malformed header and for a
 * digest of the wrong length: a script whose tool failed sends an empty one.
 */
export function parseDigests(headers: Fields, name: "Content-Digest" | "Repr-Digest"): Digest[] | undefined {
  const text = header(headers, name);
  if (text === null) return undefined;
  const digests: Digest[] = [];
  for (const [algorithm, value] of dictionaryOf(name, text)) {
    const isOfParts = algorithm === PARTS_ALGORITHM && name === "Content-Digest";
    if (!isDigestAlgorithm(algorithm) && !isOfParts) continue;
    if (!(value instanceof ArrayBuffer) || value.byteLength !== DIGEST_BYTES[algorithm]) throw malformedDigest(name);
    digests.push({ algorithm, value: new Uint8Array(value) });
  }
  return digests.length === 0 ? undefined : digests;
}

/**
 * The length of the request's body in bytes, if its headers tell it. Throws for a length or a transfer coding that the
 * runtime lets pass but Pawl cannot trust (RFC 9112, section 6).
 */
export function bodyLength(headers: Fields): number | undefined {
  const coding = header(headers, "Transfer-Encoding");
  if (coding !== null && coding.toLowerCase() !== "chunked") {
    throw new UploadError("unknown-transfer-encoding", "Send the body as it is: no Transfer-Encoding but chunked");
  }
  return parseInteger(headers, "Content-Length");
}

/** Throws `wrong-media-type` for a body that is not the raw bytes of the file: a compressed one, or a form. */
export function refuseEncodedBody(headers: Fields): void {
  refuseEncoding(headers);
  if (/^multipart\/form-data\b/i.test(header(headers, "Content-Type") ?? "")) {
    throw new UploadError("wrong-media-type", "Send the bytes of the file as the body, not as a form");
  }
}

/** Throws `wrong-media-type` for a compressed body. */
export function refuseEncoding(headers: Fields): void {
  const encoding = header(headers, "Content-Encoding");
  if (encoding === null || encoding.toLowerCase() === "identity") return;
  throw new UploadError("wrong-media-type", "Send the bytes of the file as they are, without Content-Encoding");
}

/** Decodes base64 with its padding (RFC 4648, section 4); `undefined` for anything else. */
export function parseBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || /\s/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/** Reads a media type, and drops its parameters (RFC 9110, section 8.3.1). `undefined` for anything else. */
export function parseMediaType(text: string | null): string | undefined {
  const type = text?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type.length <= 127 && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type) ? type : undefined;
}

function dictionaryOf(name: string, text: string): [string, unknown][] {
  try {
    return [...parseDictionary(text)].map(([key, item]) => [key, item[0]]);
  } catch (cause) {
    throw malformedDigest(name, cause);
  }
}

function malformedDigest(name: string, cause?: unknown): UploadError {
  return new UploadError("bad-request", `${name} must be like sha-256=:BASE64:`, { cause });
}

/** Decodes percent-encoded or plain bytes of UTF-8. Throws `bad-request` for anything else; the error tells of `name`. */
export function percentDecoded(text: string, name: RequestHeader): string {
  const decoded = decodeBytes(text, true);
  if (decoded !== undefined) return decoded;
  throw new UploadError("bad-request", `${name} must be percent-encoded UTF-8, such as caf%C3%A9.pdf`);
}

/** Characters that stand for themselves in every encoding. Most names have only these. */
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

function decodeBytes(text: string, percent: boolean): string | undefined {
  if (PLAIN.test(text)) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (percent && text[at] === "%") {
      const hex = text.slice(at + 1, at + 3);
      if (!/^[\da-f]{2}$/i.test(hex)) return undefined;
      bytes.push(parseInt(hex, 16));
      at += 2;
    } else {
      bytes.push(text.charCodeAt(at));
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

/** Quotes and cuts a client's value, for a one-line answer or the log. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
