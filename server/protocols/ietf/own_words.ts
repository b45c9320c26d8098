import { UploadError } from "../../errors.ts";
import type { Bringing } from "./bringing.ts";
import { mismatched } from "./digests.ts";
import type { State } from "./fields.ts";
import { COMPLETED_UPLOAD, INCONSISTENT_LENGTH, mismatchingOffset } from "./problems.ts";
import type { Rules } from "./versions.ts";

/**
 * Adds to the refusal of a request that brings bytes what this protocol says of its kind. `limits` are the headers that
 * tell the limits.
 */
export function inOwnWords(
  error: unknown,
  { state, body }: Pick<Bringing, "state" | "body">,
  limits: Readonly<Record<string, string>>,
): unknown {
  if (!(error instanceof UploadError) || error.problem !== undefined) return error;
  switch (error.code) {
    case "too-large":
      return error.with({ headers: limits });
    case "wrong-offset":
      return mismatchingOffset(error, state.offset ?? 0);
    case "size-changed":
    case "too-long":
      return error.with({ problem: INCONSISTENT_LENGTH });
    case "digest-mismatch":
      return isAboutBody(error)
        ? mismatched(error, { name: "Content-Digest", digests: body.bodyDigests ?? [] })
        : mismatched(error, { name: "Repr-Digest", digests: body.digests ?? [] });
    default:
      return error;
  }
}

/** True for a refusal by which the upload cannot become the file any more, whatever comes. */
export function endsUpload(error: UploadError, state: Pick<State, "offset" | "length">): boolean {
  return isPastEnd(error, state) || error.code === "digest-mismatch" && !isAboutBody(error);
}

/** Says of a refusal that the upload has ended by it, or that it was complete before. */
export function ended(error: UploadError, hasEnded: boolean, rules: Rules): UploadError {
  if (!hasEnded) {
    return rules.completedProblem === "completed-upload" ? error.with({ problem: COMPLETED_UPLOAD }) : error;
  }
  const why = error.code === "too-long" ? "got more bytes than it has" : "does not have the digest that was given";
  return new UploadError(error.code, `The file ${why}, so its upload has ended: begin a new one`);
}

/** True for bytes past the upload's length, and not for a wrong length that the request tells. */
function isPastEnd({ code }: UploadError, { offset, length = Infinity }: Pick<State, "offset" | "length">): boolean {
  return code === "too-long" && length >= (offset ?? 0);
}

/** True for a mismatch with the digest of the body: only such an error has the offset to go on from. */
function isAboutBody({ offset }: UploadError): boolean {
  return offset !== undefined;
}
