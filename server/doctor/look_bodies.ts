import { compressible, digestField } from "./bytes.ts";
import { metBy } from "./met.ts";
import type { Observations } from "./observations.ts";
import type { Site } from "./site.ts";
import type { Outcome } from "./wire.ts";

const PIECE = 64 * 1024;
/** How often Pawl is asked what it has, and how far apart the pieces of the slow body are. */
const STEP_MS = 250;

/**
 * Sends a part of a body and cuts the connection. Tells how much of it the server has then. On a slow way the bytes may
 * not have got through, so a second try waits longer.
 */
export async function lookAtCut(site: Site, mostBytes: number): Promise<NonNullable<Observations["cut"]>> {
  const first = await cutOnce(site, { what: "cut", mostBytes, throughMs: site.plan.throughMs });
  if (first.safe >= first.sent / 2) return first;
  const second = await cutOnce(site, { what: "cut-again", mostBytes, throughMs: 3 * site.plan.throughMs });
  return second.safe > first.safe ? second : first;
}

async function cutOnce(
  site: Site,
  { what, mostBytes, throughMs }: { readonly what: string; readonly mostBytes: number; readonly throughMs: number },
): Promise<NonNullable<Observations["cut"]>> {
  const { settleMs, cutBytes } = site.plan;
  const sent = Math.min(cutBytes, Math.floor(mostBytes / 2));
  const headers: Record<string, string> = { ...site.uploadHeaders(what), "X-File-Size": String(2 * sent) };
  const body = { announced: 2 * sent, pieces: pieces(sent) };
  await site.ask({ method: "POST", path: "/upload", headers, body, patienceMs: throughMs });
  let safe = 0;
  for (const ends = performance.now() + settleMs; safe < sent && performance.now() < ends;) {
    safe = Math.max(safe, await site.offsetOf(headers["X-File-Id"]!) ?? 0);
    if (safe < sent) await wait(STEP_MS, site.signal);
  }
  return { sent, safe };
}

/** Sends a large request with its digest. */
export async function lookAtLarge(site: Site, bytes: number): Promise<NonNullable<Observations["large"]>> {
  const digest = await digestField(compressible(bytes));
  const headers = { ...site.uploadHeaders("large"), "X-File-Size": String(bytes), "Repr-Digest": digest };
  const outcome = await site.ask({
    method: "POST",
    path: "/upload",
    headers,
    body: { announced: bytes, pieces: pieces(bytes) },
  });
  return { ...metAfter(outcome), bytes };
}

/** Sends a large request that Pawl refuses at its first byte. Tells whether its answer comes through. */
export async function lookAtEarlyRefusal(site: Site, bytes: number): Promise<NonNullable<Observations["early"]>> {
  const refused = async () =>
    metBy(
      await site.ask({
        method: "POST",
        path: "/upload",
        headers: { ...site.uploadHeaders("early"), "X-Start-Byte": "1" },
        body: { announced: bytes, pieces: afterPause(bytes, site) },
      }),
    );
  const met = await refused();
  // A reset may overtake an answer, which is chance.
  return { ...met.by === "nobody" ? await refused() : met, bytes };
}

/** Few, because Apache gives a body more time for each byte that has come. */
const BEFORE_SILENCE = 1024;

/** Begins a body and falls silent, until something ends it or the plan's time is over. */
export async function lookAtSilence(site: Site): Promise<NonNullable<Observations["silence"]>> {
  const { silenceMs, slowBytes } = site.plan;
  const headers = site.uploadHeaders("silence");
  const body = { announced: slowBytes, pieces: [new Uint8Array(Math.min(BEFORE_SILENCE, slowBytes / 2))] };
  const outcome = await site.ask({ method: "POST", path: "/upload", headers, body, patienceMs: silenceMs });
  return { ...metAfter(outcome), waitedMs: silenceMs };
}

/** Sends a body that takes the plan's time without ever falling silent. */
export async function lookAtSlow(site: Site): Promise<NonNullable<Observations["slow"]>> {
  const { slowMs, slowBytes } = site.plan;
  const headers = { ...site.uploadHeaders("slow"), "X-File-Size": String(slowBytes) };
  const body = { announced: slowBytes, pieces: slowly(slowBytes, slowMs, site.signal) };
  const outcome = await site.ask({ method: "POST", path: "/upload", headers, body });
  return { ...metAfter(outcome), tookMs: slowMs };
}

function metAfter(outcome: Outcome) {
  return { ...metBy(outcome), afterMs: outcome.afterMs };
}

function* pieces(bytes: number): Generator<Uint8Array> {
  const text = compressible(bytes);
  for (let at = 0; at < bytes; at += PIECE) yield text.subarray(at, at + PIECE);
}

/**
 * The first piece, and after a pause the others. Other clients read an answer also when they can write no more, and the
 * sockets here do not. So an answer that comes at once has the pause to come.
 */
async function* afterPause(bytes: number, { plan, signal }: Site): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for (const piece of pieces(bytes)) {
    yield piece;
    if (isFirst) await wait(plan.refusalMs, signal);
    isFirst = false;
  }
}

async function* slowly(bytes: number, ms: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const steps = Math.max(2, Math.floor(ms / STEP_MS));
  const piece = Math.floor(bytes / steps);
  for (let step = 0; step < steps; step++) {
    if (step > 0) await wait(ms / steps, signal);
    yield new Uint8Array(step < steps - 1 ? piece : bytes - piece * step);
  }
}

/** Waits; less when the signal aborts, and never rejects. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
