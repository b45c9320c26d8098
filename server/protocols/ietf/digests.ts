import { UploadError } from "../../errors.ts";
import { header } from "../../http/header_names.ts";
import { type Digest, DIGEST_BYTES, type DigestAlgorithm, isDigestAlgorithm } from "../../model/digest.ts";
import type { CompleteUpload, ReceivingUpload } from "../../model/upload.ts";
import { problemType } from "./problems.ts";
import { parseMembers } from "./structured.ts";

/** The fields with digests: of the request's body, and of the whole file (RFC 9530). */
export type DigestField = "Content-Digest" | "Repr-Digest";

/** The digests that Pawl checks, in the form of `Want-Repr-Digest`, those that are liked more with larger numbers. */
const WANTED = "sha-256=10, sha-512=9";

/**
 * Reads the digests that Pawl can check; `undefined` for an absent or empty field. Algorithms that it does not know are
 * ignored beside one that it knows. Throws `bad-request`, with the problem types of
 * draft-ietf-httpapi-digest-fields-problem-types, for a malformed field, and for one without a known algorithm: its
 * client believes that the bytes are checked.
 */
export function parseDigestField(headers: Headers, name: DigestField): readonly Digest[] | undefined {
  const text = header(headers, name);
  if (text === null) return undefined;
  const members = parseMembers(text);
  if (members === undefined) throw invalid(name, []);
  if (members.size === 0) return undefined;
  const known = [...members].flatMap(([key, value]) => isDigestAlgorithm(key) ? [[key, value] as const] : []);
  if (known.length === 0) throw unsupported(name, [...members.keys()]);
  const digests = known.flatMap(([algorithm, value]) => digestOf(algorithm, value) ?? []);
  if (digests.length === known.length) return digests;
  throw invalid(
    name,
    known.filter(([algorithm, value]) => digestOf(algorithm, value) === undefined).map(([key]) => key),
  );
}

/**
 * Adds to a `digest-mismatch` the problem that tells which digest did not match. It never tells the digest of the bytes
 * that came.
 */
export function mismatched(
  error: UploadError,
  { name, digests }: { name: DigestField; digests: readonly Digest[] },
): UploadError {
  // The error does not say which of several digests it was.
  const [digest, ...others] = digests;
  const told = digest === undefined || others.length > 0 ? undefined : {
    mismatched_digests: [{
      algorithm: digest.algorithm,
      provided_digest: `:${digest.value.toBase64()}:`,
      header: name,
    }],
  };
  const problem = { type: problemType("digest-mismatched-values"), title: "Mismatched Digest Values" };
  return error.with({ problem: { ...problem, ...told && { members: told } } });
}

/** Reads `Want-Repr-Digest` (RFC 9530, section 4): the algorithm that is liked most and known. */
export function wantedDigests(headers: Headers): { readonly wantedDigest?: DigestAlgorithm } {
  const members = parseMembers(header(headers, "Want-Repr-Digest") ?? "") ?? new Map<string, unknown>();
  const [best] = [...members].flatMap(([key, value]) =>
    isDigestAlgorithm(key) && typeof value === "number" && value > 0 ? [{ key, value }] : []
  ).sort((one, other) => other.value - one.value);
  return best === undefined ? {} : { wantedDigest: best.key };
}

/** Gives the digests of a complete file to a request that wants one (RFC 9530, section 3). */
export function reprDigest(headers: Headers, upload: ReceivingUpload | CompleteUpload): Record<string, string> {
  if (header(headers, "Want-Repr-Digest") === null || upload.state === "receiving") return {};
  const told = upload.digests?.map(({ algorithm, value }) => `${algorithm}=:${value.toBase64()}:`) ?? [];
  return told.length === 0 ? {} : { "Repr-Digest": told.join(", ") };
}

function digestOf(algorithm: DigestAlgorithm, value: unknown): Digest | undefined {
  if (!(value instanceof ArrayBuffer) || value.byteLength !== DIGEST_BYTES[algorithm]) return undefined;
  return { algorithm, value: new Uint8Array(value) };
}

function invalid(name: DigestField, algorithms: readonly string[]): UploadError {
  const reason = "It must be the base64 of the digest's bytes between colons";
  return new UploadError("bad-request", `${name} must be like sha-256=:BASE64:`, {
    problem: {
      type: problemType("digest-invalid-values"),
      title: "Invalid Digest Values",
      members: { invalid_digests: algorithms.map((algorithm) => ({ algorithm, header: name, reason })) },
    },
  });
}

function unsupported(name: DigestField, algorithms: readonly string[]): UploadError {
  return new UploadError("bad-request", `${name} must have sha-256 or sha-512: this server checks no other digest`, {
    headers: { [name === "Repr-Digest" ? "Want-Repr-Digest" : "Want-Content-Digest"]: WANTED },
    problem: {
      type: problemType("digest-unsupported-algorithms"),
      title: "Unsupported Hashing Algorithms",
      members: { unsupported_algorithms: algorithms.map((algorithm) => ({ algorithm, header: name })) },
    },
  });
}
