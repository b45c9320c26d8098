import type { Rule } from "./finding.ts";
import { REMEDIES } from "./remedies.ts";

const DAY_MS = 86_400_000;
/** Sooner than this a certificate ought to have been renewed: those of Let's Encrypt are, 30 days before their end. */
const SOON_MS = 14 * DAY_MS;
/** A minute is more than any network takes. */
const MOST_SKEW_MS = 60_000;

/** Makes what is wrong with TLS, the clock, the way back and the names. `now` is the machine's clock. */
export function rulesOfWays(now: number): readonly Rule[] {
  return [
    {
      applies: ({ certificate }) => certificate !== undefined,
      ok: "The certificate is trusted, and good for a while",
      judge({ certificate }) {
        const { problem, expiresAt = Infinity } = certificate!;
        if (problem === undefined && expiresAt - now >= SOON_MS) return undefined;
        const isOver = expiresAt < now;
        const day = Number.isFinite(expiresAt) ? new Date(expiresAt).toISOString().slice(0, 10) : "";
        if (problem === undefined || isOver) {
          return {
            code: isOver ? "certificate-over" : "certificate-soon-over",
            level: "fault",
            says: isOver ? `The certificate has expired on ${day}` : `The certificate expires on ${day}`,
            costs: `${
              isOver ? "Nobody can upload" : "From then on nobody can upload"
            }, if nobody goes past the warnings`,
            remedy: { any: "Look why it is not renewed, such as: systemctl status certbot.timer" },
          };
        }
        return {
          code: "certificate-not-trusted",
          level: "fault",
          says: `The certificate is not trusted: ${problem}`,
          costs: "Browsers warn, and programs refuse",
          remedy: {
            any:
              "Give the proxy a certificate for this name with its whole chain. If it is of your own authority, give that by --ca FILE",
          },
        };
      },
    },
    {
      applies: ({ certificate }) => certificate !== undefined,
      ok: "HTTP/2 is offered",
      judge({ certificate }) {
        if (certificate!.isHttp2) return undefined;
        return {
          code: "no-http2",
          level: "note",
          says: "HTTP/2 is not offered",
          costs: "A browser opens six connections at most, and each begins anew",
          remedy: REMEDIES.http2,
        };
      },
    },
    {
      applies: ({ hello, lostConnection }) => hello.kind === "pawl" && lostConnection !== undefined,
      ok: "",
      judge: ({ lostConnection }) => ({
        code: "connections-fail",
        level: "fault",
        says: `Pawl answers, but not each connection comes about: ${lostConnection}`,
        costs: "Uploads wait and try again, and not everything could be looked at",
        remedy: { any: "Look whether something limits connections, or whether the server runs; then look again" },
      }),
    },
    {
      applies: ({ isHttps, isLocal }) => !isHttps && !isLocal,
      ok: "",
      judge: () => ({
        code: "no-https",
        level: "note",
        says: "The address has no HTTPS",
        costs: "Everybody on the way can read files and tokens, and the page sends no digests",
        remedy: { any: "Put one of deploy/proxies before Pawl" },
      }),
    },
    {
      applies: ({ skewMs }) => skewMs !== undefined,
      ok: "The clocks agree",
      judge({ skewMs }) {
        if (Math.abs(skewMs!) < MOST_SKEW_MS) return undefined;
        const minutes = Math.round(Math.abs(skewMs!) / 60_000);
        return {
          code: "clock-skewed",
          level: "fault",
          says: `The server's clock is ${minutes} min ${skewMs! > 0 ? "ahead of" : "behind"} this machine's`,
          costs: "Tokens, links and certificates end at a wrong time, and the log tells wrong times",
          remedy: { any: "Look at both clocks: timedatectl" },
        };
      },
    },
    {
      applies: ({ download }) => download !== undefined,
      ok: "Downloads come back as they were sent, with their ETag",
      judge({ download }) {
        const { encoding, isSame, hasLength, tag, hasDigest } = download!;
        if (encoding !== undefined) {
          return {
            code: "compresses-downloads",
            level: "fault",
            says: `Downloads are compressed on the way (${encoding})`,
            costs: "They have no length and no strong ETag any more, so a broken download cannot go on",
            remedy: REMEDIES.compressed,
          };
        }
        if (isSame && hasLength && tag === "strong" && hasDigest) return undefined;
        const missing = [
          ...isSame ? [] : ["its bytes"],
          ...hasLength ? [] : ["Content-Length"],
          ...tag === "strong" ? [] : [tag === "weak" ? "a strong ETag" : "ETag"],
          ...hasDigest ? [] : ["Repr-Digest"],
        ];
        return {
          code: "changes-downloads",
          level: "fault",
          says: `A download comes without ${missing.join(", ")}`,
          costs: "A broken download cannot go on, or its file cannot be checked",
          remedy: isSame && hasLength ? REMEDIES.answerHeaders : REMEDIES.compressed,
        };
      },
    },
    {
      applies: ({ download }) => download !== undefined,
      ok: "Parts of a file can be asked for (Range)",
      judge({ download }) {
        const { status, isRight } = download!.range;
        if (isRight) return undefined;
        return {
          code: "breaks-range",
          level: "fault",
          says: status === 200
            ? "Range is ignored: the whole file comes"
            : `A range of a file gets ${status === 0 ? "no answer" : status === 206 ? "wrong bytes" : status}`,
          costs: "A broken download begins anew, and players cannot jump",
          remedy: REMEDIES.range,
        };
      },
    },
    {
      applies: ({ names }) => names?.isOwnPage !== undefined,
      ok: "Pawl hears the name by which people come",
      judge({ names }) {
        if (names!.isOwnPage) return undefined;
        return {
          code: "changes-host",
          level: "fault",
          says: "The proxy tells Pawl another name than the one by which people come",
          costs: "Over plain HTTP, and in old browsers, nobody can sign in: the page counts as one of another site",
          remedy: REMEDIES.host,
        };
      },
    },
    {
      applies: ({ names, isHttps }) => isHttps && names?.isSecure !== undefined,
      ok: "Cookies are for HTTPS alone (Secure)",
      judge({ names }) {
        if (names!.isSecure) return undefined;
        return {
          code: "cookie-not-secure",
          level: "fault",
          says: "Pawl does not know that people come by HTTPS: its cookies lack Secure",
          costs: "A browser sends the cookie over plain HTTP too, where others can read it",
          remedy: REMEDIES.scheme,
        };
      },
    },
    {
      applies: ({ names }) => names?.linkOrigin !== undefined,
      ok: "Links have this address",
      judge({ names, url }) {
        const { linkOrigin } = names!;
        if (linkOrigin === url) return undefined;
        return {
          code: "links-elsewhere",
          level: linkOrigin === "" ? "note" : "fault",
          says: linkOrigin === ""
            ? "Links that Pawl makes have no address"
            : `Links that Pawl makes begin with ${linkOrigin}`,
          costs: linkOrigin === ""
            ? "Who makes one by a program must put the address before it"
            : "Who gets one goes there, and not to this address",
          remedy: { any: `Start Pawl with --public-url ${url}` },
        };
      },
    },
  ];
}
