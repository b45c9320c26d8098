import type { Answer } from "./message.ts";
import type { Met } from "./observations.ts";
import type { Outcome } from "./wire.ts";

/** Headers that only Pawl's own answers have. */
const OWN = ["x-error", "upload-offset", "upload-complete", "tus-resumable"];

/** Tells who answered. Pawl's refusals have `X-Error`, and its other answers tell of an upload. */
export function metBy(outcome: Outcome): Met {
  if (outcome.kind !== "answer") return { by: "nobody", how: outcome.kind };
  const { status, headers } = outcome.answer;
  if (OWN.some((name) => headers.has(name))) {
    const code = headers.get("x-error");
    return { by: "pawl", status, ...code !== null && { code } };
  }
  const type = (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const location = headers.get("location");
  return { by: "other", status, type, ...location !== null && { location } };
}

/** True when nothing of Pawl's answered a request that it would have taken: something else refused it, or nobody answered. */
export function isBlocked(met: Met): boolean {
  return met.by === "nobody" || met.by === "other" && met.status >= 300;
}

/** The words of an answer, cut to a length that can be shown. */
export function wordsOf({ body }: Answer): string {
  return new TextDecoder().decode(body.subarray(0, 4096)).trim();
}
