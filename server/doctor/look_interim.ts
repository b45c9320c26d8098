import { isBlocked, metBy } from "./met.ts";
import type { Observations } from "./observations.ts";
import type { Site } from "./site.ts";

/** How long an answer may take that brings nothing but an address. */
const WAIT_MS = 5000;

/** The field by which a client says that it understands interim responses. */
const NAMED = { "Upload-Draft-Interop-Version": "8" };

/**
 * Begins an upload of the IETF's protocol, and tells what became of the interim response (104) that Pawl may send before
 * its answer. A proxy that takes that for the answer puts its own `Date` on it, which no interim response of Pawl's has.
 * `unanswered` when it is not the interim response that is in the way, or something else than Pawl refuses.
 */
export async function lookAtInterim(site: Site): Promise<NonNullable<Observations["interim"]>> {
  const first = await begin(site, "interim", NAMED);
  // A connection may break by chance.
  const named = first.kind === "answer" ? first : await begin(site, "interim-again", NAMED);
  if (named.kind === "answer") {
    if (isBlocked(metBy(named))) return "unanswered";
    const { interim } = named.answer;
    return interim.some((headers) => headers.has("date")) ? "as-answer" : interim.length > 0 ? "passed" : "none";
  }
  const other = await begin(site, "no-interim", {});
  return other.kind === "answer" ? "no-answer" : "unanswered";
}

async function begin(site: Site, what: string, version: Readonly<Record<string, string>>) {
  const names = site.uploadHeaders(what);
  return await site.ask({
    method: "POST",
    path: "/files/",
    headers: {
      ...names,
      ...version,
      "Upload-Complete": "?0",
      "Content-Disposition": `inline; filename="${names["X-File-Name"]}"`,
    },
    patienceMs: Math.min(site.plan.patienceMs, WAIT_MS),
  });
}
