import type { Finding, Rule } from "./finding.ts";
import { isBlocked } from "./met.ts";
import { REMEDIES } from "./remedies.ts";

/** The use of each header, told by what is lost without it. */
const WITHOUT: Readonly<Record<string, string>> = {
  "X-File-Id": "no file can be sent by the simple protocol",
  "X-File-Size": "a part of a file counts as the whole file",
  "X-Start-Byte": "an upload cannot go on, and starts over",
  "Repr-Digest": "damaged files are not noticed",
  "Tus-Resumable": "clients of tus fail",
  "Upload-Offset": "clients cannot learn where to go on",
  "Upload-Complete": "clients cannot learn whether a file is finished",
  "Location": "nobody learns the address of a file",
};

function without(names: readonly string[]): string {
  return names.map((name) => `Without ${name} ${WITHOUT[name] ?? "clients lack something"}`).join(". ");
}

/** The faults with headers, methods and words. */
export const RULES_OF_HEADERS: readonly Rule[] = [
  {
    applies: ({ refusals }) => refusals !== undefined,
    ok: "Pawl's refusals come through with their words",
    judge({ refusals }) {
      if (refusals === "kept") return undefined;
      return {
        code: refusals === "nameless" ? "drops-x-error" : "replaces-errors",
        level: "fault",
        says: refusals === "nameless"
          ? "Pawl's refusals come without their X-Error"
          : "Pawl's refusals are replaced by something else's own",
        costs: "Clients cannot tell why they were refused: they may give up, or try again in vain",
        remedy: refusals === "nameless" ? REMEDIES.answerHeaders : REMEDIES.errors,
      };
    },
  },
  {
    applies: ({ lostRequestHeaders }) => lostRequestHeaders !== undefined,
    ok: "The headers of requests reach Pawl",
    judge: ({ lostRequestHeaders }) =>
      lost("drops-request-headers", lostRequestHeaders!, "do not reach Pawl", REMEDIES.requestHeaders),
  },
  {
    applies: ({ lostAnswerHeaders }) => lostAnswerHeaders !== undefined,
    ok: "The headers of answers reach the client",
    judge: ({ lostAnswerHeaders }) =>
      lost("drops-answer-headers", lostAnswerHeaders!, "do not reach the client", REMEDIES.answerHeaders),
  },
  {
    applies: ({ tus }) => tus !== undefined,
    ok: "Uploads of tus can begin",
    judge({ tus }) {
      if (!isBlocked(tus!)) return undefined;
      return {
        code: "blocks-tus",
        level: "fault",
        says: `No upload of tus can begin: POST /files/ ${
          tus!.by === "other" ? `is refused with ${tus!.status}, and not by Pawl` : "gets no answer"
        }`,
        costs: "Uppy, TUSKit and every other client of tus fail",
        remedy: { any: "Let the proxy pass every path on, with every method" },
      };
    },
  },
  {
    applies: ({ blockedMethods }) => blockedMethods !== undefined,
    ok: "HEAD, PATCH and DELETE come through",
    judge({ blockedMethods }) {
      if (blockedMethods!.length === 0) return undefined;
      return {
        code: "blocks-methods",
        level: "fault",
        says: `${blockedMethods!.join(" and ")} requests are refused, and not by Pawl`,
        costs: "Clients of tus need HEAD and PATCH, and deleting needs DELETE",
        remedy: REMEDIES.methods,
      };
    },
  },
  {
    applies: ({ unpacked }) => unpacked !== undefined,
    ok: "Content-Encoding reaches Pawl with its body",
    judge({ unpacked }) {
      if (unpacked !== true) return undefined;
      return {
        code: "changes-content-encoding",
        level: "fault",
        says: "A compressed body is unpacked on the way, or loses its Content-Encoding",
        costs: "Pawl counts other bytes than the client has sent, so an upload cannot go on at the right one",
        remedy: REMEDIES.unpacked,
      };
    },
  },
  {
    applies: ({ cached }) => cached !== undefined,
    ok: "No answer is told from a cache",
    judge({ cached }) {
      if (cached !== true) return undefined;
      return {
        code: "caches-answers",
        level: "fault",
        says: "An old answer about an upload is told again",
        costs: "Clients go on at a wrong byte, and are refused",
        remedy: REMEDIES.cached,
      };
    },
  },
  {
    applies: ({ interim }) => interim !== undefined,
    ok: "The answer comes behind an interim response (104), or there is none",
    judge({ interim }) {
      if (interim === "none" || interim === "passed") return undefined;
      if (interim === "unanswered") {
        return {
          code: "blocks-ietf",
          level: "fault",
          says: "No upload of the IETF's protocol gets an answer of Pawl's",
          costs: "Apple's URLSession fails, and so does each other client of Resumable Uploads for HTTP",
        };
      }
      return {
        code: "breaks-interim",
        level: "fault",
        says: interim === "no-answer"
          ? "No answer comes behind an interim response (104)"
          : "An interim response (104) is taken for the answer",
        costs: interim === "no-answer"
          ? "Each upload of Apple's URLSession fails, and of others that name a version of the IETF's protocol"
          : "Over HTTP/2 each upload of Apple's URLSession fails, and of others that name a version of the IETF's protocol",
        remedy: REMEDIES.interim,
      };
    },
  },
  {
    applies: ({ chunked }) => chunked !== undefined,
    ok: "Bodies without a length come through",
    judge({ chunked }) {
      if (chunked!.by === "pawl") return undefined;
      return {
        code: "refuses-chunked",
        level: "fault",
        says: `A body without a Content-Length ${
          chunked!.by === "other" ? `is refused with ${chunked!.status}, and not by Pawl` : "gets no answer"
        }`,
        costs: "Pipes fail: curl -T -, and the script of the README",
        remedy: REMEDIES.chunked,
      };
    },
  },
];

function lost(code: string, names: readonly string[], what: string, remedy: Finding["remedy"]): Finding | undefined {
  if (names.length === 0) return undefined;
  return {
    code,
    level: "fault",
    says: `${names.join(", ")} ${names.length === 1 ? what.replace("do not", "does not") : what}`,
    costs: without(names),
    ...remedy !== undefined && { remedy },
  };
}
