import { UploadError } from "../errors.ts";
import { type Announced, announcedLength, takenOver, wrongOffset } from "./agree.ts";
import { areEqual } from "./digest.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "./upload.ts";

/** An upload that a client's id can mean: one that is not over. */
export type PresentUpload = ReceivingUpload | CompleteUpload;

/** The facts that a request with a client's id announces. */
export interface SentById extends Omit<Announced, "toTheEnd">, Partial<Pick<Announced, "toTheEnd">> {
  /** True when a later request took the lock over, and so ended this one, or has gone on elsewhere before it was cut off. */
  readonly isTakenOver?: boolean;
}

/** The decision what a request with a client's id does to the upload that the id means. */
export type Decision =
  /** A new upload begins. */
  | { readonly kind: "begin" }
  /**
   * `goOn` brings the request to `known`. `replace` begins a new upload and discards `known`, which is unfinished.
   * `beside` begins a new upload and keeps the finished file of `known`.
   */
  | { readonly kind: "goOn" | "replace" | "beside"; readonly known: PresentUpload }
  | { readonly kind: "refuse"; readonly error: UploadError };

/**
 * Decides what a request with a client's id does. `known` is the upload that the id means, if it means one. `hasFile`
 * is false when the file of a complete upload was taken away. Changes nothing.
 */
export function decide(known: PresentUpload | undefined, request: SentById, hasFile = true): Decision {
  if (known === undefined || !hasFile) {
    if (request.offset > 0) return { kind: "refuse", error: wrongOffset(0) };
    return known === undefined ? { kind: "begin" } : { kind: "beside", known };
  }
  const isSame = isRepeat(known, request) || comesAgain(known, request);
  if (request.offset > 0 || isSame || mustGoOn(known, request)) return { kind: "goOn", known };
  // A later request has this upload already: starting over now would take it away from that request.
  if (request.isTakenOver) return { kind: "refuse", error: takenOver() };
  return { kind: known.state === "receiving" ? "replace" : "beside", known };
}

/**
 * True when the upload that a client's id means has changed: it is another one than before, or has more bytes. So another
 * request has gone on.
 */
export function hasGoneOn(before: PresentUpload | undefined, now: PresentUpload | undefined): boolean {
  if (now === undefined) return false;
  return before === undefined || now.id !== before.id || safeBytes(now) > safeBytes(before);
}

/** True when an empty file is sent again that is complete already. */
function isRepeat(known: PresentUpload, { offset, bodyLength, length }: SentById): boolean {
  return known.state === "complete" && safeBytes(known) === offset && (length ?? bodyLength) === 0;
}

/**
 * True when a request that counts once brings a file that is complete already: one of the same length, with the same
 * digest. Without a digest that both know, the request must say that it never starts over.
 */
export function comesAgain(known: PresentUpload, request: SentById): boolean {
  if (!request.countsOnce || request.offset > 0 || known.state !== "complete") return false;
  const length = announcedLength(request);
  if (length !== undefined && length !== known.length) return false;
  return areEqual(known.digests, request.digests) ?? (request.neverStartsOver === true && length !== undefined);
}

/** True when a request that never starts over meets bytes of the same file. A different length means another file. */
function mustGoOn(known: PresentUpload, { neverStartsOver, length }: SentById): boolean {
  const isSameFile = length === undefined || known.length === undefined || length === known.length;
  return neverStartsOver === true && isSameFile && safeBytes(known) > 0;
}
