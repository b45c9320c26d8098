/**
 * Why an upload ended without success, as a code that a program can compare:
 *
 * - `file-changed`: the file was changed, moved or removed while it was being read
 * - `too-large`: the file, or the request, is larger than the server takes
 * - `disk-full`: the server has no room left; what has arrived is kept
 * - `not-allowed`: the server wants the user to sign in, or does not allow this user to upload
 * - `gone`: the upload has expired, or was removed on the server
 * - `damaged`: the bytes that arrived differed from the bytes that were sent, several times in a row
 * - `refused`: the server refused for another reason, and would refuse again
 * - `not-accepted`: the queue takes no files of this kind
 * - `too-many`: the queue takes no more files
 * - `elsewhere`: the upload is in the list of another tab or window
 * - `no-progress`: many tries in a row gained nothing
 */
export type UploadErrorCode =
  | "file-changed"
  | "too-large"
  | "disk-full"
  | "not-allowed"
  | "gone"
  | "damaged"
  | "refused"
  | "not-accepted"
  | "too-many"
  | "elsewhere"
  | "no-progress";

/** What `Uploader.upload()` rejects with. The message is one plain line that says what to do next. */
export class UploadError extends Error {
  /** Always `UploadError`. */
  override name = "UploadError";
  /** Why the upload ended. */
  readonly code: UploadErrorCode;
  /** The status of the server's answer, when an answer was the reason. */
  readonly status: number | undefined;
  /** What the server said, in its words; empty when it said nothing or was not asked. */
  readonly line: string;
  /** The largest file that the server takes, in bytes, when it told that. */
  readonly limit: number | undefined;

  /** Makes an error. A hook or a transport of your own can reject with it, which ends the upload. */
  constructor(
    code: UploadErrorCode,
    message: string,
    options: ErrorOptions & { status?: number; line?: string; limit?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.line = options.line ?? "";
    this.limit = options.limit;
  }
}

/** The error for an answer that would be the same at the next try. `line` is what the server said, in its words. */
export function refusal(status: number, line: string, limit?: number): UploadError {
  const [code, problem, advice] = describeRefusal(status);
  const said = line === "" ? `${status}` : `${status}, ${line}`;
  return new UploadError(code, `${problem} (${said}). ${advice}`, { status, line, limit });
}

/** The error for a file that is not there any more as it was when it was chosen. */
export function fileChanged(name: string, cause?: unknown): UploadError {
  const message = `"${name}" was changed, moved or removed while it was being uploaded. Choose the file again`;
  return new UploadError("file-changed", message, { cause });
}

/** The error for a file over the limit that the server has told. */
export function tooLarge(limit: number): UploadError {
  return refusal(413, `the limit is ${limit} bytes`, limit);
}

/** The error for a finished file that the server could not be told to delete. */
export function notDeleted(): UploadError {
  return new UploadError("no-progress", "The server cannot be reached, and the file is still there. Try again");
}

function describeRefusal(status: number): [code: UploadErrorCode, problem: string, advice: string] {
  switch (status) {
    case 401:
    case 403:
      return [
        "not-allowed",
        "The server does not let you upload",
        "Ask whoever runs it for access, then upload again",
      ];
    case 404:
    case 405:
      return ["refused", "No upload server is at this address", "Check the address, then upload again"];
    case 410:
      return ["gone", "The upload has expired, or was removed on the server", "Upload again: it begins anew"];
    case 413:
      return [
        "too-large",
        "The server does not take a file this big",
        "Choose a smaller file, or ask whoever runs the server to raise the limit",
      ];
    case 421:
      return [
        "refused",
        "The server does not answer under this address",
        "Use an address that it knows, or ask whoever runs it to allow this one",
      ];
    case 507:
      return [
        "disk-full",
        "The disk of the server is full",
        "What has arrived is kept: ask whoever runs the server to make room, then upload again",
      ];
    default:
      return [
        "refused",
        "The server refused the upload",
        "Upload again, and if it is refused again show this line to whoever runs the server",
      ];
  }
}
