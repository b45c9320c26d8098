import { RIGHTS } from "../model/rights.ts";
import type { Visitor } from "../model/visitor.ts";

/** The part of a visitor that is written into the page: without a name, because browsers keep pages. */
export type PageVisitor = Pick<Visitor, "kind" | "rights">;

/**
 * Writes a visitor as the page reads it: the kind and the rights, such as "session read upload". Both are words of this
 * server's own, and there are few, so a page is made once for all visitors that are written alike.
 */
export function visitorText({ kind, rights }: PageVisitor): string {
  return [kind, ...RIGHTS.filter((right) => rights.includes(right))].join(" ");
}

/**
 * True for a page that was opened from a page of another site. A browser leaves the cookie of a session out then (RFC
 * 6265bis, section 5.5.7.1), and sends it with the requests of the page itself.
 */
export function isFromOtherSite(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "cross-site";
  // Over plain HTTP browsers tell the site by the referrer alone.
  const referrer = headers.get("referer");
  return referrer !== null && URL.canParse(referrer) && new URL(referrer).host !== headers.get("host");
}
