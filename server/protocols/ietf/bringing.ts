import { defined } from "../../defined.ts";
import { UploadError } from "../../errors.ts";
import { type CompleteUpload, hasAllBytes, type ReceivingUpload } from "../../model/upload.ts";
import type { AppendRequest } from "../../uploads/append.ts";
import { askWhetherBrokenOff } from "../broken_off.ts";
import { bodyLength, refuseEncodedBody } from "../headers.ts";
import { parseDigestField } from "./digests.ts";
import { isPartialUpload, parseState, PARTIAL_UPLOAD, type State } from "./fields.ts";
import type { Interim } from "./interim.ts";
import { inconsistentLength } from "./problems.ts";
import { type Rules, rulesOf } from "./versions.ts";

/** A request that brings bytes, and what it says. */
export interface Bringing {
  readonly rules: Rules;
  readonly state: State & { readonly isLast: boolean };
  readonly body: Pick<AppendRequest, "body" | "bodyLength" | "bodyDigests" | "digests" | "isBrokenOff">;
}

/** Reads what a request that brings bytes says. Throws `bad-request` and other refusals. */
export function parseBringing(request: Request): Bringing {
  const { headers, body } = request;
  const rules = rulesOf(headers);
  const state = parseState(headers, rules);
  const { isLast } = state;
  refuseEncodedBody(headers);
  if (isLast === undefined) {
    throw new UploadError(
      "bad-request",
      "Send Upload-Complete: ?1 with the last bytes of the file, and ?0 before that",
    );
  }
  const isBrokenOff = askWhetherBrokenOff(request);
  return {
    rules,
    state: { ...state, isLast },
    body: {
      body,
      ...defined({
        bodyLength: body === null ? 0 : bodyLength(headers),
        bodyDigests: parseDigestField(headers, "Content-Digest"),
        digests: parseDigestField(headers, "Repr-Digest"),
        isBrokenOff,
      }),
    },
  };
}

/** Throws `wrong-media-type` for a body to append that is not of the type that its version wants. */
export function checkType(headers: Headers, { needsPartialType }: Rules): void {
  if (!needsPartialType || isPartialUpload(headers)) return;
  throw new UploadError("wrong-media-type", `Send the bytes as Content-Type: ${PARTIAL_UPLOAD}`, {
    headers: { "Accept-Patch": PARTIAL_UPLOAD },
  });
}

/** Throws when the fields of one request tell two lengths (section 4.1.3). */
export function checkLengths(
  { offset, length, isLast }: { offset: number; length: number | undefined; isLast: boolean },
  bodyLength: number | undefined,
): void {
  if (length === undefined || !isLast || bodyLength === undefined) return;
  const end = offset + bodyLength;
  if (end === length) return;
  throw inconsistentLength(
    `Upload-Length is ${length}, and the body goes from byte ${offset} to ${end}: which is right?`,
  );
}

/** Gives the upload, unless the last bytes were to have come and have not. A part for a concatenation is never complete. */
export function wholeIfLast(
  upload: ReceivingUpload | CompleteUpload,
  isLast: boolean,
): ReceivingUpload | CompleteUpload {
  if (!isLast || upload.state === "complete" || hasAllBytes(upload)) return upload;
  const { offset, length } = upload;
  throw inconsistentLength(`The file has ${length} bytes, and only ${offset} have come: go on from there`, offset);
}

/** Lets a client hear of safe bytes, unless all of the body would be refused with a wrong digest. */
export function toldSafe(
  interim: Interim | undefined,
  { bodyDigests }: Pick<AppendRequest, "bodyDigests">,
): Pick<AppendRequest, "onSafe"> {
  return interim === undefined || bodyDigests !== undefined ? {} : { onSafe: (offset) => interim.safe(offset) };
}
