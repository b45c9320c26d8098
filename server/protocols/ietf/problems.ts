import { type Problem, UploadError } from "../../errors.ts";

/** The URI of a registered problem type. */
export function problemType(name: string): string {
  return `https://iana.org/assignments/http-problem-types#${name}`;
}

/** The problem of a body that does not start at the upload's offset (section 7.1 of the draft). */
export function mismatchingOffset(error: UploadError, provided: number): UploadError {
  return error.with({
    problem: {
      type: problemType("mismatching-upload-offset"),
      title: "Mismatching Upload Offset",
      members: { "expected-offset": error.offset, "provided-offset": provided },
    },
  });
}

/** The problem of lengths that differ, or that the bytes go past (section 7.2 of the draft). */
export const INCONSISTENT_LENGTH: Problem = {
  type: problemType("inconsistent-upload-length"),
  title: "Inconsistent Upload Length Values",
};

/** The problem of new bytes for a complete upload (section 7.3 of the drafts -04 to -11). */
export const COMPLETED_UPLOAD: Problem = { type: problemType("completed-upload"), title: "Upload Is Completed" };

/** The refusal of a request whose fields and bytes do not tell one length. `offset` is the upload's, if it has one. */
export function inconsistentLength(message: string, offset?: number): UploadError {
  return new UploadError("size-changed", message, {
    problem: INCONSISTENT_LENGTH,
    ...offset !== undefined && { offset },
  });
}
