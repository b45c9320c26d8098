import { STATUS_CODE } from "@std/http/status";
import { defined } from "./defined.ts";

/**
 * Every code of an error, with its HTTP status. A protocol whose standard wants another status has a table of its own.
 */
export const STATUS = {
  "bad-request": STATUS_CODE.BadRequest,
  // Nobody is signed in, or the token or session is unknown or has expired.
  "unauthorized": STATUS_CODE.Unauthorized,
  // The visitor is signed in and lacks the right, or a page of another site sent the request.
  "forbidden": STATUS_CODE.Forbidden,
  "size-changed": STATUS_CODE.BadRequest,
  "too-long": STATUS_CODE.BadRequest,
  "digest-mismatch": STATUS_CODE.BadRequest,
  // A final upload, to which no client may append.
  "final": STATUS_CODE.Forbidden,
  // The file is refused by the server that was asked about it.
  "not-wanted": STATUS_CODE.Forbidden,
  "not-found": STATUS_CODE.NotFound,
  // A client terminated the upload.
  "terminated": STATUS_CODE.Gone,
  "method-not-allowed": STATUS_CODE.MethodNotAllowed,
  "idle": STATUS_CODE.RequestTimeout,
  "too-slow": STATUS_CODE.RequestTimeout,
  "too-short-chunks": STATUS_CODE.RequestTimeout,
  // The body was cut off. A 400 would tell the client not to try again.
  "disconnected": STATUS_CODE.RequestTimeout,
  "wrong-offset": STATUS_CODE.Conflict,
  "taken-over": STATUS_CODE.Conflict,
  "finished": STATUS_CODE.Conflict,
  // The upload expired, was lost or concatenated, or its file was taken away.
  "gone": STATUS_CODE.Gone,
  "wrong-version": STATUS_CODE.PreconditionFailed,
  // A condition of the request does not hold, such as If-Match.
  "precondition-failed": STATUS_CODE.PreconditionFailed,
  "too-large": STATUS_CODE.ContentTooLarge,
  // One request has more files than it may.
  "too-many-files": STATUS_CODE.ContentTooLarge,
  "wrong-media-type": STATUS_CODE.UnsupportedMediaType,
  "range-not-satisfiable": STATUS_CODE.RangeNotSatisfiable,
  "locked": STATUS_CODE.Locked,
  "failed": STATUS_CODE.InternalServerError,
  // The request came by a name that the server does not answer to (RFC 9110, section 15.5.20).
  "misdirected": STATUS_CODE.MisdirectedRequest,
  // The owner or the address has as many unfinished uploads as it may, or begins them too fast.
  "too-many-unfinished": STATUS_CODE.TooManyRequests,
  "too-many-begun": STATUS_CODE.TooManyRequests,
  // The owner has as many links as it may.
  "too-many-links": STATUS_CODE.TooManyRequests,
  // Too many wrong tokens came from this address.
  "too-many-guesses": STATUS_CODE.TooManyRequests,
  "unknown-transfer-encoding": STATUS_CODE.NotImplemented,
  "shutdown": STATUS_CODE.ServiceUnavailable,
  "too-many": STATUS_CODE.ServiceUnavailable,
  // The server that has to be asked about the file gives no answer.
  "cannot-ask": STATUS_CODE.ServiceUnavailable,
  // The database that all instances share gives no answer.
  "no-database": STATUS_CODE.ServiceUnavailable,
  // The S3 server that keeps the bytes gives no answer, or is failing.
  "no-bucket": STATUS_CODE.ServiceUnavailable,
  // The data folder was moved, so the server's answers would not be true of what lies there now.
  "moved": STATUS_CODE.ServiceUnavailable,
  "disk-full": STATUS_CODE.InsufficientStorage,
  // The owner, or the server in all, keeps as many bytes as it may.
  "over-quota": STATUS_CODE.InsufficientStorage,
  // The uploads of the owner make as many folders as they may.
  "too-many-folders": STATUS_CODE.InsufficientStorage,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Facts that problem details say of an error besides the usual ones (RFC 9457, section 3.1 and 3.2). */
export interface Problem {
  /** The URI of the kind of error. */
  readonly type: string;
  readonly title: string;
  /** Further members. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/**
 * An error that the client is told, in one line that says what to do next. Anything else that is thrown is a bug, or
 * comes from the disk.
 */
export class UploadError extends Error {
  override name = "UploadError";
  /** The kind of error. */
  readonly code: ErrorCode;
  /** The upload's offset, if the error is about an upload that can go on. */
  readonly offset: number | undefined;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The kind of error as a standard of the protocol names it, if one does. */
  readonly problem: Problem | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { offset?: number; headers?: Readonly<Record<string, string>>; problem?: Problem } = {},
  ) {
    super(message, options);
    this.code = code;
    this.offset = options.offset;
    this.headers = options.headers ?? {};
    this.problem = options.problem;
  }

  /** Makes a copy of this error with another message. */
  withMessage(message: string): UploadError {
    const { code, cause, offset, headers, problem } = this;
    return new UploadError(code, message, { cause, headers, ...defined({ offset, problem }) });
  }

  /** Makes a copy of this error with further headers, and perhaps a problem. */
  with(more: { headers?: Readonly<Record<string, string>>; problem?: Problem | undefined }): UploadError {
    const { code, message, cause, offset } = this;
    const problem = more.problem ?? this.problem;
    const headers = { ...this.headers, ...more.headers };
    return new UploadError(code, message, { cause, headers, ...defined({ offset, problem }) });
  }
}

/** True for an error that says that an upload does not exist, or not any more. */
export function isAbsent(error: unknown): boolean {
  return error instanceof UploadError && ["not-found", "terminated", "gone"].includes(error.code);
}

/**
 * Turns anything that was thrown into an error for the client. An {@linkcode UploadError} stays as it is. A full disk
 * is `disk-full`, too many open files are `too-many`, a bucket that gives no answer is `no-bucket`, and anything else, a bug or a failing disk, is `failed`. `safe`
 * is the upload's offset, if the error is about one.
 */
export function asUploadError(error: unknown, safe?: number): UploadError {
  if (error instanceof UploadError) return error;
  // The first failure says more than the failure of the cleaning up behind it.
  if (error instanceof SuppressedError) return asUploadError(error.suppressed, safe);
  const options = { cause: error, ...defined({ offset: safe }) };
  if (isOutOfFiles(error)) {
    return new UploadError("too-many", "The server has too many files open: try again in a few seconds", options);
  }
  if (isDiskFull(error)) {
    const next = safe === undefined
      ? "try again when there is space"
      : `it keeps the first ${safe} bytes, go on from there when there is space again`;
    return new UploadError("disk-full", `The server's disk is full: ${next}`, options);
  }
  if (isBucketAway(error)) {
    const next = safe === undefined ? "" : `: it keeps the first ${safe} bytes`;
    const message = `The server cannot reach the store of its files now${next}: try again in a few seconds`;
    return new UploadError("no-bucket", message, options);
  }
  const message = safe === undefined
    ? "The server has failed, and keeps what it has acknowledged: try again"
    : `The server's disk has failed: it keeps the first ${safe} bytes, try again later`;
  return new UploadError("failed", message, options);
}

/** The refusal of every request after the data folder was moved (I14). */
export function folderMoved(): UploadError {
  return new UploadError("moved", "The server's data folder was moved, so the server ends: try again when it is back");
}

/** True for the error of a full disk or a used-up quota: ENOSPC, EDQUOT, or the database's message. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) return true;
  return messageOf(error).includes("database or disk is full");
}

/** True for the error when this process (EMFILE) or the whole machine (ENFILE) has too many files open. */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && (error.code === "EMFILE" || error.code === "ENFILE")) return true;
  // Deno 2.9 gives the errors of accepting no code.
  return /\(os error 2[34]\)/.test(messageOf(error));
}

/** True for the error of an S3 server that gives no answer, or says that it fails or is too busy. */
function isBucketAway(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === BUCKET_AWAY;
}

/** The code of such an error. */
export const BUCKET_AWAY = "EBUCKETAWAY";

/** The message of an error; empty for one whose message is no text: a program around the server may throw it. */
function messageOf({ message }: { readonly message: unknown }): string {
  return typeof message === "string" ? message : "";
}
