import { BUCKET_AWAY } from "../../errors.ts";
import { textOf } from "./xml.ts";

/** An answer of the S3 server that says that it has not done what it was asked. */
export class S3Error extends Error {
  override name = "S3Error";
  /** S3's word for what was wrong, such as `NoSuchKey`; empty where the answer has no such word. */
  readonly reason: string;
  readonly status: number;
  /** How `errors.ts` tells the client of it: as of a full disk, or of a bucket that is away. */
  readonly code: "ENOSPC" | typeof BUCKET_AWAY | undefined;

  constructor(asked: string, status: number, reason: string, message: string) {
    super(`The S3 server answered ${asked} with ${status} ${reason}${message === "" ? "" : `: ${message}`}`);
    this.status = status;
    this.reason = reason;
    this.code = codeOf(status, reason);
  }
}

function codeOf(status: number, reason: string): S3Error["code"] {
  if (FULL.has(reason) || status === 507) return "ENOSPC";
  return status === 429 || status >= 500 && status !== 501 || PASSING.has(reason) ? BUCKET_AWAY : undefined;
}

/** The words of several servers for a store or a quota that is full. */
const FULL = new Set(["QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"]);

/** The words of errors that pass by themselves, and that also come in the body of an answer 200. */
const PASSING = new Set([
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
]);

/** The longest text of a server that is repeated in a message. */
const MAX_TEXT = 200;

/** The error of an answer. `asked` says what was asked, such as `PUT files/x`. */
export function errorOf(asked: string, status: number, body: string): S3Error {
  const reason = word(textOf(body, "Code")) ?? word(textOf(body, "ErrorCode")) ?? "";
  // The server's text may repeat what a client chose: line breaks must not reach the log.
  const message = (textOf(body, "Message") ?? "").replace(/[\s\p{C}]+/gu, " ").slice(0, MAX_TEXT);
  return new S3Error(asked, status, reason, message);
}

function word(text: string | undefined): string | undefined {
  return text !== undefined && /^\w{1,64}$/.test(text) ? text : undefined;
}

/**
 * True for an error after which the same request may succeed: a server that is busy or failing (5xx, 429), or a broken
 * connection. 501 says that the server cannot do it at all.
 */
export function isPassing(error: unknown): boolean {
  return (error instanceof S3Error || error instanceof BrokenConnection) && error.code === BUCKET_AWAY;
}

/**
 * True for the refusal to complete a multipart upload after which a look is needed: it may be completed already. Most
 * servers do not know it any more then (404). Ceph says for ever that a completion is in progress (500), unless the same
 * parts are named as in the completion that was done.
 */
export function mayBeDone(error: unknown): boolean {
  return hasStatus(error, 404) || error instanceof S3Error && isPassing(error);
}

/**
 * True for the refusal of a server that does not know what it was asked for: no later request will find another answer.
 * With status 400 S3's word tells, because an expired key is a 400 too.
 */
export function isUnknownToServer(error: unknown): boolean {
  return hasStatus(error, 405, 411, 501) || hasStatus(error, 400) && UNKNOWN.has(error.reason);
}

/** The words of several servers for a request, a header or a query that they do not know. */
const UNKNOWN = new Set(["InvalidArgument", "InvalidRequest", "InvalidURI", "NotImplemented", "UnsupportedOperation"]);

/** True for the refusal of a key that has expired. An answer to `HEAD` gives no word for it. */
export function isExpiredKey(error: unknown): boolean {
  const isUntold = hasReason(error, "") && hasStatus(error, 400);
  return isUntold || hasReason(error, "ExpiredToken", "InvalidTokenId", "TokenRefreshRequired");
}

/** The connection to the S3 server broke, was not made, or the answer did not come in time. */
export class BrokenConnection extends Error {
  override name = "BrokenConnection";
  readonly code = BUCKET_AWAY;
  /** True when the answer did not come in time: the server may be at work still. */
  readonly isLate: boolean;

  constructor(message: string, { isLate = false }: { readonly isLate?: boolean } = {}) {
    super(message);
    this.isLate = isLate;
  }
}

/** True for the error of an answer with this status. */
export function hasStatus(error: unknown, ...statuses: number[]): error is S3Error {
  return error instanceof S3Error && statuses.includes(error.status);
}

/** True for the error of an answer with one of these words. */
export function hasReason(error: unknown, ...reasons: string[]): error is S3Error {
  return error instanceof S3Error && reasons.includes(error.reason);
}
