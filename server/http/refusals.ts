import { escape } from "@std/html/entities";
import { type ErrorCode, STATUS, UploadError } from "../errors.ts";
import type { Statuses } from "./route.ts";
import { NEVER_RUN } from "./uploaded_content.ts";

/** Seconds after which a client may come again, for the failures that pass by themselves. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  "locked": 2,
  "shutdown": 2,
  "too-many": 5,
  "moved": 5,
};

/** What an answer that refuses says besides the failure itself. */
export interface Besides {
  readonly statuses?: Statuses;
  readonly headers?: Readonly<Record<string, string>>;
  /** Comes after the failure's own line. */
  readonly suffix?: string;
}

/** The answer to a request that is refused: the failure's one line, its status, and its code in `X-Error`. */
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
      ...offset !== undefined && { "Upload-Offset": String(offset) },
      ...retryAfterSeconds !== undefined && { "Retry-After": String(retryAfterSeconds) },
      ...error.headers,
      ...headers,
    },
  });
}

/** The same as a page, for a person who has opened an address that this server does not go by. */
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

export function notAllowed(method: string): UploadError {
  return new UploadError("method-not-allowed", `Nothing here answers to ${method}: see the Allow header`);
}

export function notHere(): UploadError {
  return new UploadError("not-found", "There is nothing here: the page is at /");
}
