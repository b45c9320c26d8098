import { escape } from "@std/html/entities";
import { STATUS_TEXT } from "@std/http/status";
import { defined } from "../defined.ts";
import { type ErrorCode, STATUS, UploadError } from "../errors.ts";
import type { Right } from "../model/rights.ts";
import type { Visitor } from "../model/visitor.ts";
import type { Statuses } from "./route.ts";
import { NEVER_RUN } from "./uploaded_content.ts";
import { wholeAnswer } from "./whole_answers.ts";

/** The `Retry-After` of a refusal by its code. Refusals with another code have none. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  "locked": 2,
  "shutdown": 2,
  "too-many": 5,
  "too-many-unfinished": 30,
  "moved": 5,
  "cannot-ask": 5,
  "no-database": 2,
  "no-bucket": 5,
};

/** After how many seconds the client may try again, if the error says so. */
export function retryAfterOf({ code, headers }: UploadError): number | undefined {
  const told = headers["Retry-After"];
  return told === undefined ? RETRY_AFTER_SECONDS[code] : Number(told);
}

/** The things that a refusal can say besides its error. */
export interface Besides {
  /** The protocol's own statuses. */
  readonly statuses?: Statuses;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text behind the error's line. */
  readonly suffix?: string;
  /** True for problem details in JSON (RFC 9457) instead of a line of text. */
  readonly isApi?: boolean;
}

/**
 * Makes the answer to a refused request: the status, the code in `X-Error`, and one line of text. For programs the line
 * is the `detail` of problem details.
 */
export function refusal(
  error: UploadError,
  { statuses = {}, headers = {}, suffix = "", isApi = false }: Besides = {},
): Response {
  const { code, message, offset } = error;
  const retryAfterSeconds = RETRY_AFTER_SECONDS[code];
  const status = statuses[code] ?? STATUS[code];
  const line = `${message}${suffix}`;
  return wholeAnswer(isApi ? problemOf(error, status, line) : line, {
    status,
    headers: {
      "Content-Type": isApi ? "application/problem+json" : "text/plain; charset=UTF-8",
      "Cache-Control": "no-store",
      ...NEVER_RUN,
      "X-Error": code,
      ...defined({ "Upload-Offset": offset?.toString(), "Retry-After": retryAfterSeconds?.toString() }),
      ...error.headers,
      ...headers,
    },
  });
}

/** The problem details of a refusal. Without a `type`, the status tells the kind (RFC 9457, section 4.2.1). */
function problemOf({ code, problem }: UploadError, status: number, detail: string): string {
  const title = problem?.title ?? STATUS_TEXT[status as keyof typeof STATUS_TEXT];
  return JSON.stringify({ ...problem && { type: problem.type }, title, status, detail, code, ...problem?.members });
}

/**
 * Makes a refusal that is a page, for a person who opened an address that this server does not answer to. The error's
 * line is in the `language` of that tag (BCP 47).
 */
export function refusalPage(error: UploadError, language = "en"): Response {
  const plain = refusal(error);
  plain.headers.set("Content-Type", "text/html; charset=UTF-8");
  const line = escape(error.message);
  const page = `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>Pawl</title>` +
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">' +
    `<h1>Pawl</h1><p>${line}</p></html>\n`;
  return new Response(page, plain);
}

/** True for a request by which a browser opens a page. */
export function wantsPage({ method, headers }: Request): boolean {
  return method === "GET" && (headers.get("accept") ?? "").includes("text/html");
}

/** The refusal of a method that a resource does not have. */
export function notAllowed(method: string): UploadError {
  return new UploadError("method-not-allowed", `Nothing here answers to ${method}: see the Allow header`);
}

/** The refusal of a path at which there is nothing, by a server below the path `above`. */
export function notHere(above = ""): UploadError {
  return new UploadError("not-found", `There is nothing here: the page is at ${above}/`);
}

/** The refusal of a request for a file that does not exist, or that the visitor may not see. */
export function noSuchFile(): UploadError {
  return new UploadError("not-found", "No such file: look at the address again");
}

/** The refusal of a visitor who lacks a right. */
export function notPermitted({ kind }: Visitor, need: Right): UploadError {
  if (kind === "nobody") return unauthorized("Sign in first: send a token as Authorization: Bearer TOKEN");
  return new UploadError("forbidden", `Your sign-in does not have the right for this, which is "${need}"`);
}

/** The refusal of a request that needs a sign-in, or another one (RFC 9110, section 15.5.2). */
export function unauthorized(message: string): UploadError {
  // A challenge of Basic would make browsers ask for a password over the page.
  return new UploadError("unauthorized", message, { headers: { "WWW-Authenticate": 'Bearer realm="Pawl"' } });
}
