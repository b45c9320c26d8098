import { UploadError } from "../../errors.ts";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type Digest } from "../../model/digest.ts";
import { idInPath } from "../address.ts";
import { header } from "../../http/header_names.ts";
import { parseBase64, parseInteger, quote } from "../headers.ts";

/** The record of a final upload holds the header and each id of it, and a record has 64 KiB. */
const MAX_CONCAT_LENGTH = 24 * 1024;
const MAX_PARTIALS = 256;

/**
 * The length of a new upload in bytes: `Upload-Length`, or `undefined` for one that says `Upload-Defer-Length: 1` (tus
 * 1.0.0, Creation). Throws `bad-request` for neither, both, or another value.
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
 * `Upload-Checksum` (tus 1.0.0, Checksum): an algorithm and the base64 of its digest of the body. `undefined` when there
 * is none. Throws `bad-request` for an algorithm that Pawl does not know, and for anything malformed.
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

/** What a new upload is to be, by its `Upload-Concat`. */
export type Concatenation = "partial" | { readonly ids: readonly string[]; readonly asSent: string };

/**
 * `Upload-Concat` (tus 1.0.0, Concatenation): `partial`, or `final;` and the addresses of partial uploads, each a path or
 * whole, with spaces between them. `undefined` when there is none. Throws `bad-request` when it is malformed, or when an
 * address is not one of an upload.
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
