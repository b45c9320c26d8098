import { parseRetryAfter } from "./retry_after.ts";
import { type Problem, problem } from "./problem.ts";
import { isOwnTrouble, isSuccess, passesByItself, wantsSignIn } from "./statuses.ts";
import type { TransportAnswer } from "./transport.ts";
import { refusal, tooLarge, UploadError } from "./upload_error.ts";

/** The meaning of an answer for the upload. */
export type Meaning =
  /** The server has the whole file. */
  | { kind: "complete" }
  /** The server holds this many bytes. The upload goes on from there. */
  | { kind: "held"; offset: number }
  /** The refusal passes by itself. The client tries again. */
  | { kind: "retry"; problem: Problem; retryAfterMs?: number | undefined }
  /**
   * The body was larger than something on the way lets through. The client sends less at once, and ends if it cannot.
   */
  | { kind: "too-much"; error: UploadError }
  /** The server wants a sign-in. The client goes on after it, and ends with the error if there is none. */
  | { kind: "signed-out"; error: UploadError }
  /** Every further try would get the same answer. */
  | { kind: "failed"; error: UploadError };

const LONGEST_LINE = 200;

/** Reads the answer to `GET /status` for a file of `totalBytes`. */
export function readStatus(answer: TransportAnswer, totalBytes: number): Meaning {
  if (!isSuccess(answer.status)) return readFailure(answer);
  const offset = offsetIn(answer);
  if (offset === undefined) return { kind: "retry", problem: problem("not-a-server") };
  if (isComplete(answer) !== true) {
    const limit = maxSize(answer) ?? Infinity;
    return limit < totalBytes ? { kind: "failed", error: tooLarge(limit) } : held(offset, totalBytes);
  }
  // Another file was uploaded under this id, with another length. From byte 0 a new upload begins beside it.
  return offset === totalBytes ? { kind: "complete" } : { kind: "held", offset: 0 };
}

/**
 * Reads the answer to a `POST /upload` whose body began at `startByte`, of a file of `totalBytes`. A refusal is known
 * by its code, `X-Error`. Without a code, status and offset decide.
 */
export function readUpload(answer: TransportAnswer, startByte: number, totalBytes: number): Meaning {
  const code = answer.headers.get("x-error");
  if (code === "digest-mismatch") return { kind: "retry", problem: problem("damaged") };
  const offset = offsetIn(answer);
  if (code === "wrong-offset" || (code === null && answer.status === 400)) {
    if (offset !== undefined && offset !== startByte) return held(offset, totalBytes);
    // If the server names the offset that was sent, the bytes of an earlier request may still be coming in.
    if (code !== null) return { kind: "retry", problem: problem("busy", undefined, true) };
  }
  if (!isSuccess(answer.status)) return readFailure(answer, totalBytes);
  const complete = isComplete(answer);
  // Without headers, a word before the count says that the file is complete.
  const told = /^[a-z]+ (\d+)$/i.exec(answer.text.trim())?.[1];
  if (complete === true || (complete === undefined && told === String(totalBytes))) return { kind: "complete" };
  // The server took the request and does not say how much it holds now, so the client asks.
  if (offset === undefined) return { kind: "retry", problem: problem("not-kept") };
  // A server that never says whether an upload is complete says so by the count of all bytes.
  return offset === totalBytes && complete === undefined ? { kind: "complete" } : held(offset, totalBytes);
}

/** Reads how many bytes the server holds, from the header or, without one, from the text. */
function offsetIn({ headers, text }: TransportAnswer): number | undefined {
  return parseCount(headers.get("upload-offset") ?? "") ?? parseCount(text.trim());
}

/** Reads a refusal. `bodyOf` is the size of the file whose bytes were sent, if any were. */
function readFailure(answer: TransportAnswer, bodyOf?: number): Meaning {
  const { status, headers } = answer;
  const line = serverLine(answer);
  const code = headers.get("x-error");
  // A file that Pawl refuses is too large itself. Without Pawl's code, something on the way has refused the request.
  if (status === 413 && code === null && bodyOf !== undefined && (maxSize(answer) ?? Infinity) >= bodyOf) {
    return { kind: "too-much", error: refusal(status, line) };
  }
  if (wantsSignIn(status)) return { kind: "signed-out", error: refusal(status, line) };
  if (!passesByItself(status)) {
    return { kind: "failed", error: refusal(status, line, { limit: maxSize(answer), code }) };
  }
  const message = `The server answered ${line === "" ? status : `${status}, ${line}`}`;
  const retryAfterMs = parseRetryAfter(answer.headers.get("retry-after"));
  const isCount = code === "too-many-unfinished";
  return {
    kind: "retry",
    problem: isCount ? problem(code) : problem("busy", message, isOwnTrouble(status)),
    retryAfterMs,
  };
}

function held(offset: number, totalBytes: number): Meaning {
  if (offset <= totalBytes) return { kind: "held", offset };
  const message = `The server holds ${offset} bytes of this file of ${totalBytes}: upload it with another id`;
  return { kind: "failed", error: new UploadError("refused", message) };
}

function isComplete({ headers }: TransportAnswer): boolean | undefined {
  const value = headers.get("upload-complete");
  return value === "?1" ? true : value === "?0" ? false : undefined;
}

/**
 * Reads the largest file that the server accepts, in bytes, if it says so (draft-ietf-httpbis-resumable-upload, section
 * 4.1.4).
 */
function maxSize({ headers }: TransportAnswer): number | undefined {
  return parseCount(/(?:^|[,\s])max-size=(\d+)/.exec(headers.get("upload-limit") ?? "")?.[1] ?? "");
}

function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Gives the server's own line, if it is one. The error page of a proxy is not. */
function serverLine({ text }: TransportAnswer): string {
  const [line = ""] = text.trim().split("\n");
  return line.startsWith("<") ? "" : line.slice(0, LONGEST_LINE).trim();
}
