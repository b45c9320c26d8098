import type { StoreFinding } from "./store_finding.ts";
import { policyLines } from "./bucket_policy.ts";
import type { BucketSeen } from "./look_bucket.ts";

/** A fact about a bucket, and what is wrong with it. */
interface BucketRule {
  readonly ok: string;
  /** True when it was looked at. */
  readonly applies: (seen: BucketSeen) => boolean;
  readonly judge: (seen: BucketSeen) => StoreFinding | undefined;
}

/** A clock that differs by so much, in milliseconds: a note, and where servers refuse the signature. */
const SKEW_MS = 60_000;
const REFUSED_SKEW_MS = 15 * 60_000;
/** A small PUT that takes so long, in milliseconds, is felt with each append. */
const SLOW_PUT_MS = 150;
/** How many days an unfinished upload may wait at least, which is the default of `--expire-after`. */
const EXPIRE_DAYS = 7;

const RULES: readonly BucketRule[] = [
  {
    ok: "Only those who have the key can read it",
    applies: ({ isPublic }) => isPublic !== undefined,
    judge: ({ isPublic }) =>
      isPublic !== true ? undefined : {
        code: "public",
        level: "fault",
        says: "Anybody can read the objects, without a key",
        costs: "Whoever knows or guesses a file's name gets it past Pawl's tokens and links",
        remedy: "Take the public access away, on AWS by Block Public Access, on MinIO by mc anonymous set none",
      },
  },
  {
    ok: "A part that was damaged on its way is refused (Content-MD5)",
    applies: ({ checksMd5 }) => checksMd5 !== undefined,
    judge: ({ checksMd5, isSecure }) =>
      checksMd5 !== false ? undefined : {
        code: "md5",
        level: isSecure ? "note" : "fault",
        says: "The server takes bytes that do not have the MD5 that is sent with them",
        costs: isSecure
          ? "TLS guards the bytes on their way, so nothing is lost by it"
          : "Without TLS a part that is damaged on its way is not noticed",
        remedy: isSecure ? undefined : "Reach the server by https://",
      },
  },
  {
    ok: "The server heeds conditional writes",
    applies: ({ isConditional, mayBeConditional }) => isConditional !== undefined && mayBeConditional,
    judge: ({ isConditional }) =>
      isConditional !== false ? undefined : {
        code: "conditional",
        level: "note",
        says: "The server has no conditional writes (If-None-Match)",
        costs: "Pawl looks before it places a file, so only another program that writes to the same name in that " +
          "moment can be written over. A small file costs one request more",
      },
  },
  {
    ok: "The clocks agree",
    applies: ({ skewMs }) => skewMs !== undefined,
    judge: ({ skewMs = 0 }) =>
      Math.abs(skewMs) < SKEW_MS ? undefined : {
        code: "clock",
        level: Math.abs(skewMs) < REFUSED_SKEW_MS / 3 ? "note" : "fault",
        says: `The server's clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${
          skewMs > 0 ? "before" : "behind"
        } this one`,
        costs: "From 15 minutes on servers refuse all requests (RequestTimeTooSkewed)",
        remedy: "Let both machines follow a time server: timedatectl set-ntp true",
      },
  },
  {
    ok: "A small object is put fast",
    applies: ({ putMs }) => putMs !== undefined,
    judge: ({ putMs = 0 }) =>
      putMs < SLOW_PUT_MS ? undefined : {
        code: "slow",
        level: "note",
        says: `Putting 64 KiB takes ${Math.round(putMs)} ms (the median of ten)`,
        costs: "Each append is acknowledged after one such request. Large requests hardly feel it",
        remedy: "Run the instances in the bucket's region, and near its server",
      },
  },
  {
    ok: "No old versions are kept",
    applies: ({ versioning }) => versioning !== undefined,
    judge: ({ versioning, lifecycle = [] }) => {
      if (versioning !== "Enabled") return undefined;
      const isSwept = lifecycle.some((rule) => covers(rule.prefix, "incoming/") && rule.oldVersionDays !== undefined);
      return isSwept ? undefined : {
        code: "versioning",
        level: "fault",
        says: "The bucket keeps old versions, and no rule removes those below incoming/",
        costs: "Each part and small object of each upload stays for ever: the bucket grows to twice its files and more",
        remedy: "Add a rule to the bucket's lifecycle that removes them after a day, or suspend versioning",
        lines: [
          "<Rule><ID>pawl-incoming</ID><Status>Enabled</Status><Filter><Prefix>incoming/</Prefix></Filter>",
          "  <NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>",
        ],
      };
    },
  },
  {
    ok: "No lifecycle rule takes unfinished uploads away",
    applies: ({ lifecycle }) => lifecycle !== undefined,
    judge({ lifecycle = [] }) {
      const rule = lifecycle.find(({ prefix, expireDays, moves }) =>
        touches(prefix, "incoming/") && (moves || (expireDays ?? Infinity) <= 2 * EXPIRE_DAYS)
      );
      if (rule === undefined) return undefined;
      const does = rule.moves
        ? "moves objects below incoming/ to another class of storage"
        : `removes objects below incoming/ after ${rule.expireDays} days`;
      return {
        code: "lifecycle-incoming",
        level: "fault",
        says: `The lifecycle rule "${rule.id}" ${does}`,
        costs: "Bytes that were acknowledged are lost: Pawl itself removes unfinished uploads (--expire-after)",
        remedy: "Let the rule begin at files/, or remove it",
      };
    },
  },
  {
    ok: "No lifecycle rule takes finished files away",
    applies: ({ lifecycle }) => lifecycle !== undefined,
    judge({ lifecycle = [] }) {
      const rule = lifecycle.find(({ prefix, expireDays, moves }) =>
        touches(prefix, "files/") && (moves || expireDays !== undefined)
      );
      if (rule === undefined) return undefined;
      const does = rule.moves
        ? "moves files to another class of storage"
        : `removes files after ${rule.expireDays} days`;
      return {
        code: "lifecycle-files",
        level: "note",
        says: `The lifecycle rule "${rule.id}" ${does}`,
        costs: rule.moves
          ? "Pawl cannot give files that lie in an archive class"
          : "That is fine if you want it. Pawl says of such a file that somebody took it away (410)",
      };
    },
  },
  {
    ok: "Objects can be removed at once",
    applies: ({ isLocked }) => isLocked !== undefined,
    judge: ({ isLocked }) =>
      isLocked !== true ? undefined : {
        code: "object-lock",
        level: "fault",
        says: "Object Lock keeps each object for a time (a default retention)",
        costs: "The parts of unfinished uploads cannot be removed, and neither can finished files",
        remedy: "Use a bucket without a default retention: it cannot be set for a prefix alone",
      },
  },
];

/** Judges what was seen of a bucket. */
export function bucketFindings(seen: BucketSeen): { readonly findings: StoreFinding[]; readonly fine: string[] } {
  const findings: StoreFinding[] = [];
  const fine = seen.steps.filter(({ problem }) => problem === undefined).map(({ what }) => `${upperFirst(what)} works`);
  for (const { code, what, problem, rights, isRefused } of seen.steps) {
    if (problem === undefined) continue;
    findings.push({
      code: `no-${code}`,
      level: "fault",
      says: `${upperFirst(what)} fails: ${problem}`,
      costs: "A server does not start with this bucket",
      ...isRefused && {
        remedy: `Allow the key ${rights.join(" and ")}. All that it needs`,
        lines: policyLines(seen),
      },
    });
  }
  for (const { applies, ok, judge } of RULES) {
    if (!applies(seen)) continue;
    const found = judge(seen);
    if (found === undefined) fine.push(ok);
    else findings.push(found);
  }
  return { findings, fine };
}

/** True when a rule for objects that begin with `prefix` is about all below `folder`. */
function covers(prefix: string, folder: string): boolean {
  return folder.startsWith(prefix);
}

/** True when a rule for objects that begin with `prefix` is about something below `folder`. */
function touches(prefix: string, folder: string): boolean {
  return folder.startsWith(prefix) || prefix.startsWith(folder);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
