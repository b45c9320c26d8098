import { UploadError } from "../errors.ts";
import { type Announced, takenOver, wrongOffset } from "./agree.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "./upload.ts";

/** An upload that a client's own id can mean. */
export type PresentUpload = ReceivingUpload | CompleteUpload;

/** A request that means an upload by its client's own id. */
export interface SentById extends Omit<Announced, "toTheEnd" | "digests"> {
  /** Another request has come since, and has ended this one. */
  readonly isTakenOver?: boolean;
}

/** What a request from a client's own id means for the upload that is known by this id. */
export type Decision =
  /** A new upload begins. */
  | { readonly kind: "begin" }
  /** `goOn`: to `known`; `replace`: a new upload in its place; `beside`: a new upload, and the finished file stays. */
  | { readonly kind: "goOn" | "replace" | "beside"; readonly known: PresentUpload }
  | { readonly kind: "refuse"; readonly error: UploadError };

/**
 * Decides by what is known of the id: nothing, or one upload; `hasFile` is false for a finished one whose file was taken
 * away, which is there no more than in name. Changes nothing.
 */
export function decide(known: PresentUpload | undefined, request: SentById, hasFile = true): Decision {
  if (known === undefined || !hasFile) {
    if (request.offset > 0) return { kind: "refuse", error: wrongOffset(0) };
    return known === undefined ? { kind: "begin" } : { kind: "beside", known };
  }
  if (request.offset > 0 || isRepeat(known, request) || mustGoOn(known, request)) return { kind: "goOn", known };
  // The request that came later must not find that this one has begun anew after it.
  if (request.isTakenOver) return { kind: "refuse", error: takenOver() };
  return { kind: known.state === "receiving" ? "replace" : "beside", known };
}

/** True for a request for an empty file, where one is finished. */
function isRepeat(known: PresentUpload, { offset, bodyLength, length }: SentById): boolean {
  return known.state === "complete" && safeBytes(known) === offset && (length ?? bodyLength) === 0;
}

/** True where there are bytes of the file of a request that never starts over; the length tells which file it is. */
function mustGoOn(known: PresentUpload, { neverStartsOver, length }: SentById): boolean {
  const isSameFile = length === undefined || known.length === undefined || length === known.length;
  return neverStartsOver === true && isSameFile && safeBytes(known) > 0;
}
