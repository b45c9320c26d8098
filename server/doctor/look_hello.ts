import { wordsOf } from "./met.ts";
import type { Answer } from "./message.ts";
import type { Hello } from "./observations.ts";
import type { Site } from "./site.ts";
import { metBy } from "./met.ts";
import { NoConnection } from "./wire.ts";

/** Asks about an upload that does not exist, and so finds out what answers here. `skewMs` is the server's clock. */
export async function lookWhoAnswers(site: Site, now: () => number): Promise<{ hello: Hello; skewMs?: number }> {
  const asked = now();
  let outcome;
  try {
    outcome = await site.ask({
      method: "GET",
      path: "/status",
      headers: { "X-File-Id": `nobody-${crypto.randomUUID()}` },
    });
  } catch (error) {
    if (!(error instanceof NoConnection)) throw error;
    return { hello: { kind: "unreachable", reason: error.message } };
  }
  if (outcome.kind !== "answer") {
    return {
      hello: { kind: "unreachable", reason: outcome.kind === "silent" ? "no answer comes" : "no HTTP answer comes" },
    };
  }
  return { hello: helloBy(outcome.answer), ...skewOf(outcome.answer, (asked + now()) / 2) };
}

function helloBy(answer: Answer): Hello {
  const { status, headers } = answer;
  const words = wordsOf(answer);
  const code = headers.get("x-error");
  if (status === 200 && words === "0") {
    const limit = Number(/max-size=(\d+)/.exec(headers.get("upload-limit") ?? "")?.[1] ?? Infinity);
    return { kind: "pawl", maxBytes: limit };
  }
  if (code !== null) return { kind: "refused", status, code, words: words.split("\n")[0] ?? "" };
  const title = /<title[^>]*>([^<]{1,120})/i.exec(words)?.[1]?.trim() ?? "";
  return {
    kind: "other",
    met: metBy({ kind: "answer", answer, sentBytes: 0, afterMs: 0 }),
    title,
    isEmpty: words === "",
  };
}

/** The `Date` header has whole seconds. */
function skewOf({ headers }: Answer, now: number): { skewMs?: number } {
  const told = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(told) ? {} : { skewMs: Math.round(told + 500 - now) };
}
