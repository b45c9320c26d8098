import { roundest, sizeText } from "./bytes.ts";
import type { Rule } from "./finding.ts";
import type { Met } from "./observations.ts";
import { REMEDIES } from "./remedies.ts";

/** Less than this part of a cut request lost is what lies in sockets and small buffers. */
const LOST = 0.5;

/** How long Pawl itself waits for a silent body, if nobody has changed `--idle-timeout`. */
const OWN_IDLE_MS = 60_000;

/** The faults on the way of a body, from a cut to a silence. */
export const RULES_OF_BODIES: readonly Rule[] = [
  {
    applies: ({ cut }) => cut !== undefined,
    ok: "A request that is cut off loses little: bytes go on to Pawl as they come",
    judge({ cut }) {
      const { sent, safe } = cut!;
      const lost = sent - safe;
      if (lost < sent * LOST) return undefined;
      const all = safe === 0;
      return {
        code: "buffers-requests",
        level: "fault",
        says: all
          ? "Something holds each request back until all of it has come"
          : `Something holds the last ${sizeText(lost)} of a request back`,
        costs: `A client that was cut off after ${sizeText(sent)} lost ${
          all ? "all of it" : sizeText(lost)
        }. Uploads go on, but a cut costs up to a whole request: 16 MiB of the page's, and the whole file of curl's`,
        remedy: REMEDIES.buffers,
      };
    },
  },
  {
    applies: ({ limit }) => limit !== undefined,
    ok: "Requests of any size are let through",
    judge({ limit }) {
      if (limit === "none" || limit === undefined) return undefined;
      return {
        code: "limits-size",
        level: "fault",
        says: `Requests over about ${sizeText(roundest(limit))} are refused with ${limit.status}, and not by Pawl`,
        costs:
          "The page makes its requests smaller, which is slow. curl and most clients of tus send a file in one request, so larger files fail",
        remedy: REMEDIES.limit,
      };
    },
  },
  {
    applies: ({ large }) => large !== undefined,
    ok: "A large request comes through with every byte",
    judge({ large, limit }) {
      const { bytes, afterMs } = large!;
      if (large!.by === "pawl") {
        if (large!.code === undefined) return undefined;
        const isDamage = large!.code === "digest-mismatch";
        return {
          code: isDamage ? "damages-bodies" : "large-refused",
          level: isDamage ? "fault" : "note",
          says: isDamage
            ? `The ${sizeText(bytes)} that Pawl got are not those that were sent`
            : `Pawl refuses a request of ${sizeText(bytes)} (${large!.code})`,
          costs: isDamage
            ? "Only clients that send digests learn of damaged files"
            : "How large ones fare was not seen",
          ...isDamage &&
            { remedy: { any: "Let the proxy change nothing in a body: look for filters and virus scanners" } },
        };
      }
      const isLimit = large!.by === "other" && large!.status === 413;
      return {
        code: isLimit ? "limits-size" : "breaks-large",
        level: "fault",
        says: `A request of ${sizeText(bytes)} ${endOf(large!)} after ${seconds(afterMs)}`,
        costs: "Clients make their requests smaller if they can, which is slow, or fail",
        remedy: isLimit || limit !== "none" ? REMEDIES.limit : REMEDIES.slow,
      };
    },
  },
  {
    applies: ({ early }) => early !== undefined,
    ok: "A refusal that comes before the end of the body is heard",
    judge({ early }) {
      if (early!.by === "pawl") return undefined;
      return {
        code: "hides-early-refusals",
        level: "fault",
        says: `Pawl refused a request of ${sizeText(early!.bytes)} at once, but it ${endOf(early!)}`,
        costs:
          "A final refusal (401, 413) looks like a passing trouble, so clients try again and again without a reason",
        remedy: REMEDIES.early,
      };
    },
  },
  {
    applies: ({ silence }) => silence !== undefined,
    ok: "A silent body is ended by Pawl, or by nobody while we waited",
    judge({ silence }) {
      if (silence!.by === "pawl" || silence!.by === "nobody" && silence!.how === "silent") return undefined;
      const common = {
        says: `A body that fell silent ${endOf(silence!)} after ${seconds(silence!.afterMs)}`,
        remedy: REMEDIES.silence,
      };
      // Most proxies pass Pawl's own end of a silent body on without its words.
      if (silence!.afterMs >= OWN_IDLE_MS - 1000) {
        return {
          code: "ends-silent-bodies-wordless",
          level: "note",
          ...common,
          costs:
            "That is as long as Pawl itself waits, unless you have raised its --idle-timeout. Clients ask where to go on",
        };
      }
      return {
        code: "ends-silent-bodies",
        level: "fault",
        ...common,
        costs: "A phone that changes its network loses the request, and does not hear from which byte to go on",
      };
    },
  },
  {
    applies: ({ slow }) => slow !== undefined,
    ok: "A slow body may take its time",
    judge({ slow, silence }) {
      if (slow!.by === "pawl" && slow!.code === undefined) return undefined;
      if (slow!.by === "pawl") {
        return {
          code: "slow-refused",
          level: "note",
          says: `Pawl itself ends a slow body (${slow!.code})`,
          costs: "Slow clients fail, if its --min-rate is meant so",
        };
      }
      // One limit for a whole request ends both.
      const isWhole = silence?.by === "other" || silence?.by === "nobody" && silence.how === "closed";
      return {
        code: "ends-slow-bodies",
        level: "fault",
        says: `A body that was slow but never silent ${endOf(slow!)} after ${seconds(slow!.afterMs)}`,
        costs: `A request over a slow line is cut off${isWhole ? ", as is every one that takes so long" : ""}`,
        remedy: REMEDIES.slow,
      };
    },
  },
];

function endOf(met: Met): string {
  if (met.by === "nobody") return met.how === "closed" ? "was cut off without an answer" : "got no answer";
  return met.by === "other" ? `got ${met.status} from something else` : `got ${met.status}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? "less than a second" : `${Math.round(ms / 1000)} s`;
}
