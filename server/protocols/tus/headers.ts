import { UploadError } from "../../errors.ts";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type Digest } from "../../model/digest.ts";
import { idInPath } from "../address.ts";
import { header } from "../../http/header_names.ts";
import { parseBase64, parseInteger, quote } from "../headers.ts";

/**
 * The longest `Upload-Concat`, in bytes. The record holds it and each id in it, and Deno KV takes 64 KiB for a record.
 */
const MAX_CONCAT_LENGTH = 24 * 1024;
/** The largest number of partial uploads in one final upload. */
const MAX_PARTIALS = 256;

/**
 * Reads the length of a new upload in bytes: `Upload-Length`, or `undefined` for `Upload-Defer-Length: 1` (tus 1.0.0,
 * Creation). Throws `bad-request` for neither, for both, and for another value.
 */
export function parseNewLength(headers: Headers): number | undefined {
  const length = parseInteger(headers, "Upload-Length");
  const deferred = header(headers, "Upload-Defer-Length");
  if (deferred !== null && deferred !== "1") {
    throw new UploadError("bad-request", `Upload-Defer-Length must be 1, not ${quote(deferred)}`);
  }
  if ((length === undefined) === (deferred === null)) {
    throw new UploadError("bad-request", "Send either Upload-Length or Upload-Defer-Length: 1");
  }
  return length;
}

/**
 * Reads `Upload-Checksum` (tus 1.0.0, Checksum): an algorithm and the base64 of the body's digest. `undefined` when it
 * is absent. Throws `bad-request` for an unknown algorithm, and for anything malformed.
 */
export function parseChecksum(headers: Headers): Digest | undefined {
  const text = header(headers, "Upload-Checksum");
  if (text === null) return undefined;
  const [, algorithm, base64] = /^(\S+) (\S+)$/.exec(text) ?? [];
  const value = base64 === undefined ? undefined : parseBase64(base64);
  if (algorithm === undefined || value === undefined) {
    throw new UploadError("bad-request", `Upload-Checksum must be like sha1 BASE64, not ${quote(text)}`);
  }
  if (isChecksumAlgorithm(algorithm)) return { algorithm, value };
  const known = CHECKSUM_ALGORITHMS.join(", ");
  throw new UploadError("bad-request", `Upload-Checksum must be one of ${known}, not ${quote(algorithm)}`);
}

/** The kind of a new upload by its `Upload-Concat`: a partial one, or a final one of other uploads. */
export type Concatenation = "partial" | { readonly ids: readonly string[]; readonly asSent: string };

/**
 * Reads `Upload-Concat` (tus 1.0.0, Concatenation): `partial`, or `final;` and the addresses of partial uploads, each a
 * path or a URL, with spaces between them. `undefined` when it is absent. Throws `bad-request` when it is malformed,
 * and for an address that is not an upload's.
 */
export function parseConcat(headers: Headers): Concatenation | undefined {
  const asSent = header(headers, "Upload-Concat");
  if (asSent === null || asSent === "partial") return asSent ?? undefined;
  const addresses = /^final;(.+)$/.exec(asSent)?.[1]?.trim().split(/ +/);
  if (addresses === undefined || asSent.length > MAX_CONCAT_LENGTH || addresses.length > MAX_PARTIALS) {
    const limits = `at most ${MAX_PARTIALS} addresses and ${MAX_CONCAT_LENGTH} bytes`;
    throw new UploadError("bad-request", `Upload-Concat must be partial, or final; and ${limits}, with spaces between`);
  }
  return { ids: addresses.map(idOfAddress), asSent };
}

function idOfAddress(address: string): string {
  const url = URL.parse(address, "http://localhost/files/");
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && !/[?#@\\]/.test(address);
  const id = isPlain ? idInPath(url.pathname) : undefined;
  if (id !== undefined) return id;
  throw new UploadError("bad-request", `Upload-Concat must hold addresses of uploads here, not ${quote(address)}`);
}

function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return CHECKSUM_ALGORITHMS.some((known) => known === name);
}
