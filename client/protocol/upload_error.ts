/**
 * The code of an error that ended an upload, for programs:
 *
 * - `file-changed`: the file was changed, moved or removed while it was being read
 * - `too-large`: the file, or the request, is larger than the server takes
 * - `disk-full`: the server has no room left; what has arrived is kept
 * - `over-quota`: this user, or the server in all, may keep no more bytes
 * - `signed-out`: the server wants the user to sign in, and nobody could be asked
 * - `not-allowed`: the server does not allow this user to upload
 * - `gone`: the upload has expired, or was removed on the server
 * - `damaged`: the bytes that arrived differed from the bytes that were sent, several times in a row
 * - `refused`: the server refused for another reason, and would refuse again
 * - `not-accepted`: the queue takes no files of this kind
 * - `too-many`: the queue, or the upload link, takes no more files
 * - `elsewhere`: the upload is in the list of another tab or window
 * - `no-progress`: many tries in a row gained nothing
 */
export type UploadErrorCode =
  | "file-changed"
  | "too-large"
  | "disk-full"
  | "over-quota"
  | "signed-out"
  | "not-allowed"
  | "gone"
  | "damaged"
  | "refused"
  | "not-accepted"
  | "too-many"
  | "elsewhere"
  | "no-progress";

/** The error with which `Uploader.upload()` rejects. Its message is one plain line that says what to do next. */
export class UploadError extends Error {
  /** Always `UploadError`. */
  override name = "UploadError";
  /** Why the upload ended. */
  readonly code: UploadErrorCode;
  /** The status of the answer, if an answer was the reason. */
  readonly status: number | undefined;
  /** The server's own line; empty when it said nothing or was not asked. */
  readonly line: string;
  /**
   * The largest file that the server accepts, in bytes, if it has told that. For `over-quota` it is the free room, and for
   * `too-many` the number of files that an upload link takes.
   */
  readonly limit: number | undefined;

  /** Makes an error. If your own hook or transport rejects with it, the upload ends. */
  constructor(
    code: UploadErrorCode,
    message: string,
    { status, line = "", limit, ...options }: ErrorOptions & {
      status?: number | undefined;
      line?: string;
      limit?: number | undefined;
    } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = status;
    this.line = line;
    this.limit = limit;
  }
}

/**
 * Makes the error for an answer that would be the same at the next try. `line` is the server's own. The server's code
 * (`X-Error`) tells more than the status alone.
 */
export function refusal(
  status: number,
  line: string,
  { limit, code: told }: { limit?: number | undefined; code?: string | null } = {},
): UploadError {
  const [code, problem, advice] = REFUSALS.get(told) ?? REFUSALS.get(status) ?? OTHER;
  const said = line === "" ? `${status}` : `${status}, ${line}`;
  return new UploadError(code, `${problem} (${said}). ${advice}`, { status, line, limit });
}

/** Makes the error for a file that is gone, or is not as it was when it was chosen. */
export function fileChanged(name: string, cause?: unknown): UploadError {
  const message = `"${name}" was changed, moved or removed meanwhile. Choose the file again`;
  return new UploadError("file-changed", message, { cause });
}

/** Makes the error for a file over the limit that the server has told. */
export function tooLarge(limit: number): UploadError {
  return refusal(413, `the limit is ${limit} bytes`, { limit });
}

/** Makes the error for a file that is larger than the bytes that the user may still keep. */
export function overQuota(free: number): UploadError {
  return refusal(507, `there is room for ${free} bytes`, { limit: free, code: "over-quota" });
}

/** Makes the error for a file more than an upload link takes. */
export function tooManyFiles(limit: number): UploadError {
  const message =
    `The upload link takes no more than ${limit} files in all. Ask whoever gave it to you for another one`;
  return new UploadError("too-many", message, { limit });
}

/** Makes the error for a finished file that the server could not be told to delete. */
export function notDeleted(): UploadError {
  return new UploadError("no-progress", "The server cannot be reached, and keeps the file. Try again");
}

type Description = readonly [code: UploadErrorCode, problem: string, advice: string];

const OTHER: Description = [
  "refused",
  "The server refused the upload",
  "Choose another file, or show this line to whoever runs the server",
];
const NOT_HERE: Description = [
  "refused",
  "No upload server is at this address",
  "Check the address, then upload again",
];

/** The refusals, by the server's own code where the status does not tell enough, and by the status. */
const REFUSALS: ReadonlyMap<string | number | null | undefined, Description> = new Map<string | number, Description>([
  ["over-quota", [
    "over-quota",
    "You may keep no more bytes on the server",
    "Delete files there, or ask whoever runs the server for more room",
  ]],
  // The lines of Pawl itself say all of it.
  ["not-wanted", OTHER],
  ["too-many-folders", OTHER],
  [401, ["signed-out", "The server wants you to sign in", "Sign in, then upload again"]],
  [403, [
    "not-allowed",
    "The server does not let you upload",
    "Ask whoever runs the server for access",
  ]],
  [404, NOT_HERE],
  [405, NOT_HERE],
  [410, ["gone", "The upload has expired, or was removed", "Upload again: it begins anew"]],
  [413, [
    "too-large",
    "The server does not take a file this big",
    "Choose a smaller one, or ask whoever runs the server",
  ]],
  [421, NOT_HERE],
  [507, [
    "disk-full",
    "The disk of the server is full",
    "It keeps what has arrived: ask whoever runs the server for more room",
  ]],
]);
