import { createHash } from "node:crypto";
import { isDigestAlgorithm } from "../model/digest.ts";
import type { CompleteUpload } from "../model/upload.ts";
import type { Validators } from "./conditions.ts";
import { httpDate } from "./http_date.ts";

/**
 * The marks of a finished file. Its entity tag is its SHA-256, or SHA-512, if a client sent one; otherwise it is made
 * of id and length, because content never changes under an id. The id itself is not in the tag: a link that hides the id
 * may give the same tag. A time of change that lies in the future counts as now (RFC 9110, section 8.8.2.1).
 */
export function validatorsOf(
  upload: Pick<CompleteUpload, "id" | "length" | "digests">,
  modifiedAt: number | undefined,
  now: number,
): Validators {
  return {
    etag: `"${tagText(upload)}"`,
    modifiedAt: modifiedAt === undefined ? undefined : Math.min(modifiedAt, now),
  };
}

/** The headers of a finished file that every answer with it has, whole or in part (RFC 9110, section 15.3.7). */
export function validatorHeaders(
  { digests = [] }: Pick<CompleteUpload, "digests">,
  { etag, modifiedAt }: Validators,
): Record<string, string> {
  const known = digests.filter(({ algorithm }) => isDigestAlgorithm(algorithm));
  const reprDigest = known.map(({ algorithm, value }) => `${algorithm}=:${value.toBase64()}:`).join(", ");
  return {
    "ETag": etag,
    "Accept-Ranges": "bytes",
    ...modifiedAt !== undefined && { "Last-Modified": httpDate(modifiedAt) },
    // RFC 9530, section 3: the digest of the whole file, in an answer with a part of it too.
    ...reprDigest !== "" && { "Repr-Digest": reprDigest },
  };
}

function tagText({ id, length, digests = [] }: Pick<CompleteUpload, "id" | "length" | "digests">): string {
  const known = digests.find(({ algorithm }) => algorithm === "sha-256") ??
    digests.find(({ algorithm }) => algorithm === "sha-512");
  return known === undefined
    ? createHash("sha256").update(`${id} ${length}`).digest("base64url")
    : known.value.toBase64({ alphabet: "base64url", omitPadding: true });
}
