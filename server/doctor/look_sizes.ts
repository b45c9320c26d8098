import { metBy } from "./met.ts";
import type { Met, Observations } from "./observations.ts";
import type { Site } from "./site.ts";

/** How near to the limit is near enough. */
const NEAR = 1.02;
const SMALLEST = 1024;

/**
 * Looks how large a request may be. Requests are announced and not sent: whoever limits them by their length says so
 * at once, and Pawl refuses these because they begin at a byte that it does not have.
 */
export async function lookAtSizes(site: Site): Promise<NonNullable<Observations["limit"]>> {
  const largest = await refusalOf(site, site.plan.announcedBytes);
  if (largest === undefined) return "none";
  let status = largest;
  let [low, high] = [SMALLEST, site.plan.announcedBytes];
  while (high / low > NEAR) {
    const middle = Math.round(Math.sqrt(low * high));
    const refused = await refusalOf(site, middle);
    if (refused === undefined) low = middle;
    else [high, status] = [middle, refused];
  }
  return { bytes: low, below: high, status };
}

/** The status by which something else than Pawl refuses a request of that size. */
async function refusalOf(site: Site, bytes: number): Promise<number | undefined> {
  const met: Met = metBy(
    await site.ask({
      method: "POST",
      path: "/upload",
      headers: { ...site.uploadHeaders("announced"), "X-Start-Byte": "1" },
      // Bytes that a proxy does not read would break the connection, and could overtake its answer.
      body: { announced: bytes, pieces: [] },
      patienceMs: site.plan.refusalMs,
    }),
  );
  // Silence means that it waits for the rest. A 5xx comes from a proxy that took Pawl's own early refusal amiss.
  return met.by === "other" && met.status >= 400 && met.status < 500 ? met.status : undefined;
}
