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
  "method-not-allowed": STATUS_CODE.MethodNotAllowed,
  "idle": STATUS_CODE.RequestTimeout,
  "too-slow": STATUS_CODE.RequestTimeout,
  "too-short-chunks": STATUS_CODE.RequestTimeout,
  // A request that did not come whole, like those before it: a 400 would tell its client not to try again.
  "disconnected": STATUS_CODE.RequestTimeout,
  "wrong-offset": STATUS_CODE.Conflict,
  "taken-over": STATUS_CODE.Conflict,
  "finished": STATUS_CODE.Conflict,
  "gone": STATUS_CODE.Gone,
  "wrong-version": STATUS_CODE.PreconditionFailed,
  "too-large": STATUS_CODE.ContentTooLarge,
  "wrong-media-type": STATUS_CODE.UnsupportedMediaType,
  "locked": STATUS_CODE.Locked,
  "failed": STATUS_CODE.InternalServerError,
  "unknown-transfer-encoding": STATUS_CODE.NotImplemented,
  "shutdown": STATUS_CODE.ServiceUnavailable,
  "too-many": STATUS_CODE.ServiceUnavailable,
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
}

/**
 * What a failure is told as: a full disk and too many open files may show anywhere, anything else that is no
 * {@linkcode UploadError} is a bug.
 */
export function told(error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  if (isOutOfFiles(error)) {
    return new UploadError("too-many", "The server has too many files open: try again in a few seconds", {
      cause: error,
    });
  }
  return isDiskFull(error)
    ? new UploadError("disk-full", "The server's disk is full: try again when there is space", { cause: error })
    : new UploadError("failed", "The server has failed, and keeps what it said it has: try again", { cause: error });
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
