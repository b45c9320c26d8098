import { escape } from "@std/html/entities";
import { defined } from "../defined.ts";
import { type ErrorCode, STATUS, UploadError } from "../errors.ts";
import type { Statuses } from "./route.ts";
import { NEVER_RUN } from "./uploaded_content.ts";

/** The `Retry-After` of a refusal by its code. Refusals with another code have none. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  "locked": 2,
  "shutdown": 2,
  "too-many": 5,
  "moved": 5,
};

/** The things that a refusal can say besides its error. */
export interface Besides {
  /** The protocol's own statuses. */
  readonly statuses?: Statuses;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text behind the error's line. */
  readonly suffix?: string;
}

/** Makes the answer to a refused request: one line of text, the status, and the code in `X-Error`. */
export function refusal(error: UploadError, { statuses = {}, headers = {}, suffix = "" }: Besides = {}): Response {
  const { code, message, offset } = error;
  const retryAfterSeconds = RETRY_AFTER_SECONDS[code];
  return new Response(`${message}${suffix}`, {
    status: statuses[code] ?? STATUS[code],
    headers: {
      "Content-Type": "text/plain; charset=UTF-8",
      "Cache-Control": "no-store",
      ...NEVER_RUN,
      "X-Error": code,
      ...defined({ "Upload-Offset": offset?.toString(), "Retry-After": retryAfterSeconds?.toString() }),
      ...error.headers,
      ...headers,
    },
  });
}

/** Makes a refusal that is a page, for a person who opened an address that this server does not answer to. */
export function refusalPage(error: UploadError): Response {
  const plain = refusal(error);
  plain.headers.set("Content-Type", "text/html; charset=UTF-8");
  const line = escape(error.message);
  const page = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pawl</title>' +
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

/** The refusal of a path at which there is nothing. */
export function notHere(): UploadError {
  return new UploadError("not-found", "There is nothing here: the page is at /");
}
