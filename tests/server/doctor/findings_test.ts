import { assert, assertEquals } from "@std/assert";
import { diagnose } from "../../../server/doctor/findings.ts";
import type { Observations } from "../../../server/doctor/observations.ts";
import { REMEDIES } from "../../../server/doctor/remedies.ts";
import { linesOf } from "../../../server/doctor/report.ts";

const NOW = Date.parse("2026-11-30");
const DAY = 86_400_000;
const SEEN: Observations = {
  url: "https://up.example",
  isHttps: true,
  isLocal: false,
  hello: { kind: "pawl", maxBytes: Infinity },
  skipped: [],
  remaining: [],
};
const OTHER = { by: "other", status: 502, type: "text/html" } as const;
const CLOSED = { by: "nobody", how: "closed" } as const;
const FINE = { by: "pawl", status: 200 } as const;
const DOWNLOAD = {
  isSame: true,
  hasLength: true,
  tag: "strong",
  hasDigest: true,
  range: { status: 206, isRight: true },
} as const;

/** What was seen, and the codes of what is found in it. */
const TABLE: readonly [seen: Partial<Observations>, codes: string[], code: number][] = [
  [{}, [], 0],
  [{ isHttps: false }, ["no-https"], 0],
  [{ isHttps: false, isLocal: true }, [], 0],
  [{ cut: { sent: 1000, safe: 0 } }, ["buffers-requests"], 1],
  [{ cut: { sent: 1000, safe: 400 } }, ["buffers-requests"], 1],
  [{ cut: { sent: 1000, safe: 700 } }, [], 0],
  [{ limit: "none" }, [], 0],
  [{ limit: { bytes: 1e6, below: 1.01e6, status: 413 } }, ["limits-size"], 1],
  [{ large: { ...OTHER, status: 413, afterMs: 5, bytes: 9 }, limit: "none" }, ["limits-size"], 1],
  [{ large: { ...CLOSED, afterMs: 5, bytes: 9 } }, ["breaks-large"], 1],
  [{ large: { ...FINE, afterMs: 5, bytes: 9 } }, [], 0],
  [{ large: { by: "pawl", status: 400, code: "digest-mismatch", afterMs: 5, bytes: 9 } }, ["damages-bodies"], 1],
  [{ large: { by: "pawl", status: 507, code: "over-quota", afterMs: 5, bytes: 9 } }, ["large-refused"], 0],
  [{ early: { by: "pawl", status: 400, code: "wrong-offset", bytes: 9 } }, [], 0],
  [{ early: { ...OTHER, bytes: 9 } }, ["hides-early-refusals"], 1],
  [{ silence: { ...CLOSED, afterMs: 50_000, waitedMs: 72_000 } }, ["ends-silent-bodies"], 1],
  [{ silence: { ...CLOSED, afterMs: 60_010, waitedMs: 72_000 } }, ["ends-silent-bodies-wordless"], 0],
  [{ silence: { by: "nobody", how: "silent", afterMs: 72_000, waitedMs: 72_000 } }, [], 0],
  [{ silence: { by: "pawl", status: 408, code: "idle", afterMs: 10_000, waitedMs: 72_000 } }, [], 0],
  [{ slow: { ...CLOSED, afterMs: 60_000, tookMs: 72_000 } }, ["ends-slow-bodies"], 1],
  [{ slow: { by: "pawl", status: 408, code: "too-slow", afterMs: 30_000, tookMs: 72_000 } }, ["slow-refused"], 0],
  [{ download: DOWNLOAD }, [], 0],
  [{ download: { ...DOWNLOAD, encoding: "gzip", tag: "weak", hasLength: false } }, ["compresses-downloads"], 1],
  [{ download: { ...DOWNLOAD, tag: "weak" } }, ["changes-downloads"], 1],
  [{ download: { ...DOWNLOAD, range: { status: 200, isRight: false } } }, ["breaks-range"], 1],
  [{ names: { isOwnPage: false, isSecure: true, linkOrigin: "https://up.example" } }, ["changes-host"], 1],
  [{ names: { isOwnPage: true, isSecure: false } }, ["cookie-not-secure"], 1],
  [{ isHttps: false, isLocal: true, names: { isSecure: false } }, [], 0],
  [{ names: { linkOrigin: "" } }, ["links-elsewhere"], 0],
  [{ names: { linkOrigin: "http://up.example" } }, ["links-elsewhere"], 1],
  [{ skewMs: -59_000 }, [], 0],
  [{ tus: { by: "pawl", status: 201 } }, [], 0],
  [{ tus: { by: "pawl", status: 507, code: "over-quota" } }, [], 0],
  [{ tus: OTHER }, ["blocks-tus"], 1],
  [{ tus: CLOSED }, ["blocks-tus"], 1],
  [{ lostConnection: "refused" }, ["connections-fail"], 1],
  [{ skewMs: 120_000 }, ["clock-skewed"], 1],
  [{ certificate: { isHttp2: true, expiresAt: NOW + 15 * DAY } }, [], 0],
  [{ certificate: { isHttp2: true, expiresAt: NOW + 13 * DAY } }, ["certificate-soon-over"], 1],
  [{ certificate: { isHttp2: false, expiresAt: NOW + 15 * DAY } }, ["no-http2"], 0],
  [{ certificate: { isHttp2: true, expiresAt: NOW - DAY, problem: "expired" } }, ["certificate-over"], 1],
  [{ certificate: { isHttp2: true, problem: "SELF_SIGNED" } }, ["certificate-not-trusted"], 1],
  [{ refusals: "replaced", blockedMethods: ["PATCH"], unpacked: true, cached: true }, [
    "replaces-errors",
    "blocks-methods",
    "changes-content-encoding",
    "caches-answers",
  ], 1],
  [{ interim: "none" }, [], 0],
  [{ interim: "passed" }, [], 0],
  [{ interim: "as-answer" }, ["breaks-interim"], 1],
  [{ interim: "unanswered" }, ["blocks-ietf"], 1],
  [{ interim: "no-answer" }, ["breaks-interim"], 1],
  [{ chunked: { ...OTHER, status: 411 } }, ["refuses-chunked"], 1],
  [{ hello: { kind: "unreachable", reason: "refused" } }, ["unreachable"], 2],
];

Deno.test("what was seen is judged as the table says", () => {
  for (const [seen, codes, code] of TABLE) {
    const { findings, ...diagnosis } = diagnose({ ...SEEN, ...seen }, NOW);
    assertEquals([findings.map(({ code }) => code), diagnosis.code], [codes, code], JSON.stringify(seen));
  }
});

Deno.test("every finding says what it costs in one sentence, and faults come before notes", () => {
  const all = TABLE.map(([seen]) => diagnose({ ...SEEN, ...seen }, NOW).findings).flat();
  for (const { says, costs } of all) assert(says !== "" && costs !== "" && !costs.endsWith("."), says);
  const both = diagnose({ ...SEEN, names: { linkOrigin: "" }, cut: { sent: 9, safe: 0 } }, NOW);
  assertEquals(both.findings.map(({ level }) => level), ["fault", "note"]);
});

Deno.test("the lines for a proxy are those of its file in deploy/proxies", async () => {
  const files = { nginx: "nginx.conf", HAProxy: "haproxy.cfg", Apache: "apache.conf", Traefik: "traefik.yml" } as const;
  const read = (file: string) => Deno.readTextFile(new URL(`../../../deploy/proxies/${file}`, import.meta.url));
  for (const [proxy, file] of Object.entries(files)) {
    const recipe = (await read(file)).split("\n").map((line) => line.trim());
    for (const key of ["limit", "silence", "slow", "host", "scheme", "http2", "buffers"] as const) {
      const lines: readonly string[] = (REMEDIES[key].lines as Record<string, readonly string[]>)[proxy] ?? [];
      for (const line of lines) {
        if (/take |^The limit|^In the/.test(line)) continue;
        assert(recipe.some((told) => told.includes(line.trim())), `${proxy}: ${line} is not in ${file}`);
      }
    }
  }
});

Deno.test("a known proxy gets its own lines alone, and an unknown one gets those of all", () => {
  const seen = { ...SEEN, cut: { sent: 9, safe: 0 } };
  const text = (more: Partial<Observations>) => linesOf({ ...seen, ...more }, diagnose(seen, NOW)).join("\n");
  assert(text({ proxy: "nginx" }).includes("proxy_request_buffering off;"));
  assert(!text({ proxy: "nginx" }).includes("HAProxy:"));
  for (const name of ["nginx:", "Caddy:", "HAProxy:", "Apache:", "Cloudflare:"]) assert(text({}).includes(name));
});

Deno.test("what a server says cannot move a terminal's cursor", () => {
  const seen: Observations = {
    ...SEEN,
    hello: { kind: "other", met: { by: "other", status: 200, type: "" }, title: "a\x1b[2Jb\r\nc", isEmpty: false },
  };
  assertEquals(linesOf(seen, diagnose(seen, NOW)).filter((line) => /\p{Cc}/u.test(line)), []);
});
