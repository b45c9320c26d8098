import { STATUS_CODE } from "@std/http/status";

/** Every way in which Pawl says no, with the HTTP status that says it. A protocol whose standard wants another one says so itself. */
export const STATUS = {
  "bad-request": STATUS_CODE.BadRequest,
  "size-changed": STATUS_CODE.BadRequest,
  "too-long": STATUS_CODE.BadRequest,
  "digest-mismatch": STATUS_CODE.BadRequest,
  // What a client is not to append to.
  "final": STATUS_CODE.Forbidden,
  "not-found": STATUS_CODE.NotFound,
  // It was there, and a client has removed it.
  "terminated": STATUS_CODE.Gone,
  "method-not-allowed": STATUS_CODE.MethodNotAllowed,
  "idle": STATUS_CODE.RequestTimeout,
  "too-slow": STATUS_CODE.RequestTimeout,
  "too-short-chunks": STATUS_CODE.RequestTimeout,
  // A request that did not come whole, like those before it: a 400 would tell its client not to try again.
  "disconnected": STATUS_CODE.RequestTimeout,
  "wrong-offset": STATUS_CODE.Conflict,
  "taken-over": STATUS_CODE.Conflict,
  "finished": STATUS_CODE.Conflict,
  // Expired, lost, concatenated, or taken away.
  "gone": STATUS_CODE.Gone,
  "wrong-version": STATUS_CODE.PreconditionFailed,
  "too-large": STATUS_CODE.ContentTooLarge,
  "wrong-media-type": STATUS_CODE.UnsupportedMediaType,
  "locked": STATUS_CODE.Locked,
  "failed": STATUS_CODE.InternalServerError,
  // Sent to a name that is not one of this server's (RFC 9110, section 15.5.20).
  "misdirected": STATUS_CODE.MisdirectedRequest,
  "unknown-transfer-encoding": STATUS_CODE.NotImplemented,
  "shutdown": STATUS_CODE.ServiceUnavailable,
  "too-many": STATUS_CODE.ServiceUnavailable,
  // What the server would say is true of a folder that nobody will look into.
  "moved": STATUS_CODE.ServiceUnavailable,
  "disk-full": STATUS_CODE.InsufficientStorage,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** A failure that the client is told about, in one line that says what to do next; anything else that is thrown is a bug. */
export class UploadError extends Error {
  override name = "UploadError";
  /** What kind of failure it is; the key of {@linkcode STATUS}. */
  readonly code: ErrorCode;
  /** The count of bytes that the server holds safely, where the failure is about an upload that goes on. */
  readonly offset: number | undefined;
  /** What the protocol wants said besides, in headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { offset?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    this.code = code;
    this.offset = options.offset;
    this.headers = options.headers ?? {};
  }

  /** The same failure, told in other words. */
  withMessage(message: string): UploadError {
    const { code, cause, offset, headers } = this;
    return new UploadError(code, message, { cause, headers, ...offset !== undefined && { offset } });
  }
}

/** True for what says that an upload is not there, or not any more. */
export function isAbsent(error: unknown): boolean {
  return error instanceof UploadError && ["not-found", "terminated", "gone"].includes(error.code);
}

/**
 * What a failure is told as: a full disk and too many open files may show anywhere; anything else that is no {@linkcode UploadError} is a bug, or a
 * disk that fails. `kept` is how many bytes of the upload in question are safe, where there is one.
 */
export function told(error: unknown, kept?: number): UploadError {
  if (error instanceof UploadError) return error;
  const options = { cause: error, ...kept !== undefined && { offset: kept } };
  if (isOutOfFiles(error)) {
    return new UploadError("too-many", "The server has too many files open: try again in a few seconds", options);
  }
  if (isDiskFull(error)) {
    const next = kept === undefined
      ? "try again when there is space"
      : `it keeps the first ${kept} bytes, go on from there when there is space again`;
    return new UploadError("disk-full", `The server's disk is full: ${next}`, options);
  }
  const message = kept === undefined
    ? "The server has failed, and keeps what it said it has: try again"
    : `The server's disk has failed: it keeps the first ${kept} bytes, try again later`;
  return new UploadError("failed", message, options);
}

/** The data folder is not where it was: nothing that is known of it must be told, or changed, any more. */
export function folderMoved(): UploadError {
  return new UploadError("moved", "The server's data folder is not where it was: it ends, try again when it is back");
}

/** True for what a full disk or a used-up quota throws: ENOSPC, EDQUOT, or the database's own words for it. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) return true;
  return error.message.includes("database or disk is full");
}

/** True for what is thrown when this process (EMFILE), or the whole machine (ENFILE), has too many files open. */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && (error.code === "EMFILE" || error.code === "ENFILE")) return true;
  // Deno 2.9 gives no code for what accepting a connection fails with.
  return /\(os error 2[34]\)/.test(error.message);
}
