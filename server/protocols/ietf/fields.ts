import { UploadError } from "../../errors.ts";
import { header, type RequestHeader } from "../../http/header_names.ts";
import { parseMediaType } from "../headers.ts";
import { parseBooleanItem, parseIntegerItem } from "./structured.ts";
import type { Rules } from "./versions.ts";

/** The media type of bytes that are a part of a file (section 6 of the draft). */
export const PARTIAL_UPLOAD = "application/partial-upload";

/** The fields about an upload's state. */
const STATE_FIELDS = ["Upload-Offset", "Upload-Length", "Upload-Complete", "Upload-Incomplete"] as const;

/** The fields by which this protocol is told from others that use the same addresses. */
const OWN_FIELDS = ["Upload-Complete", "Upload-Incomplete", "Upload-Draft-Interop-Version"] as const;

/** The facts that a request tells about an upload's state. A field with a wrong value counts as absent. */
export interface State {
  readonly offset: number | undefined;
  readonly length: number | undefined;
  /** True when the request brings the last bytes of the file. */
  readonly isLast: boolean | undefined;
}

/** True for a request of this protocol. */
export function isIetf({ headers }: Request): boolean {
  if (header(headers, "Tus-Resumable") !== null) return false;
  return OWN_FIELDS.some((name) => header(headers, name) !== null) || isPartialUpload(headers);
}

/** True for a body that is a part of a file by its media type. */
export function isPartialUpload(headers: Headers): boolean {
  return parseMediaType(header(headers, "Content-Type")) === PARTIAL_UPLOAD;
}

/** Reads the fields about the upload's state, by the rules of the request's version. */
export function parseState(headers: Headers, { completeness, missingMeansLast }: Rules): State {
  const told = parseBooleanItem(header(headers, completeness));
  const isLast = told === undefined || completeness === "Upload-Complete" ? told : !told;
  return {
    offset: parseIntegerItem(header(headers, "Upload-Offset")),
    length: parseIntegerItem(header(headers, "Upload-Length")),
    isLast: isLast ?? (missingMeansLast ? true : undefined),
  };
}

/** Throws `bad-request` for a question or a `DELETE` that tells of the upload's state, where its version forbids that. */
export function refuseStateFields(headers: Headers, { refusesStateFields }: Rules): void {
  const sent = refusesStateFields
    ? STATE_FIELDS.find((name: RequestHeader) => header(headers, name) !== null)
    : undefined;
  if (sent !== undefined) throw new UploadError("bad-request", `Send this request without ${sent}`);
}

/** Gives the field that says whether the upload is complete. */
export function completenessHeader(isComplete: boolean, { completeness }: Rules): Record<string, string> {
  return { [completeness]: isComplete === (completeness === "Upload-Complete") ? "?1" : "?0" };
}

/** Gives the field by which an answer repeats the version. */
export function versionHeader({ version }: Rules): Record<string, string> {
  return version === undefined ? {} : { "Upload-Draft-Interop-Version": String(version) };
}
