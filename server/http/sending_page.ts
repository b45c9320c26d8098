import { derived } from "../config/derived.ts";
import type { Sender } from "./sender.ts";
import { authorityOf } from "./target.ts";

/**
 * The page that sent a request. `own`: a page of this server. `allowed`: a page of an origin in `--allow-origin`.
 * `foreign`: any other page, which could make its visitor's browser send it without being allowed to. `none`: no page,
 * or a page of another origin that the browser stopped to ask about first (Fetch standard, section 4.8).
 */
export type SendingPage = "own" | "allowed" | "foreign" | "none";

/** The options of {@linkcode createSendingPageOf}. */
export interface SendingPageOptions {
  readonly publicUrl: string;
  /** May change. */
  readonly allowedOrigins: readonly string[];
}

/** The headers that no page of another origin can send without a preflight, which names the origins that may. */
const ASKED_ABOUT = ["authorization", "tus-resumable", "x-file-id"];

/** Makes the function that tells which page sent a request that changes something. */
export function createSendingPageOf(
  options: SendingPageOptions,
): (request: Request, sender: Sender) => SendingPage {
  const own = URL.parse(options.publicUrl)?.origin;
  const allowedOrigins = derived(() => options.allowedOrigins, (origins) => new Set(origins));
  return (request, { isHttps }) => {
    const { method, headers } = request;
    const site = headers.get("sec-fetch-site");
    if (site === "same-origin") return "own";
    const origin = headers.get("origin");
    if (site === null && origin !== null && (origin === own || isOfHost(origin, authorityOf(request), isHttps))) {
      return "own";
    }
    if (origin === null && (site === null || site === "none")) return "none";
    const allowed = allowedOrigins();
    if (origin !== null && (allowed.has("*") || allowed.has(origin))) return "allowed";
    const isAsked = method !== "POST" || ASKED_ABOUT.some((name) => headers.has(name));
    return isAsked ? "none" : "foreign";
  };
}

/** True for an origin that has the name and port of the `Host` header. A page over HTTP is not of an HTTPS server. */
function isOfHost(origin: string, host: string | null, isHttps: boolean): boolean {
  const url = URL.parse(origin);
  if (url === null || host === null || isHttps && url.protocol !== "https:") return false;
  return url.host === (URL.parse(`${url.protocol}//${host}`)?.host ?? "");
}
