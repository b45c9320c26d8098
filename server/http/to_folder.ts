import { STATUS_CODE } from "@std/http/status";
import { urlOf } from "./target.ts";

/**
 * Leads a browser from the base path to the page, which has a slash at its end, so that its relative addresses are
 * right. The path's last segment alone leads there, also where a proxy has put folders before it.
 */
export function toFolder(request: Request): Response {
  const [target = "", ...query] = urlOf(request).split("?");
  // A header has no letters outside of ASCII, and a query that a client has not encoded may have some.
  const location = encodeURI([`${target.split("/").at(-1)}/`, ...query].join("?")).replaceAll("%25", "%");
  return new Response(null, { status: STATUS_CODE.PermanentRedirect, headers: { "Location": location } });
}
