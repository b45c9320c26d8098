import { assert, assertEquals, assertMatch } from "@std/assert";
import { mostBytes } from "../../../server/doctor/plan.ts";
import { type DoctorResult, runDoctor, SHORT_PLAN } from "../../support/doctor.ts";
import { ownAnswer, type ProxyFaults, type SeenRequest, startFaultyProxy } from "../../support/faulty_proxy.ts";
import { startServer, type Wishes } from "../../support/pawl.ts";

/** Looks through a proxy at a server of the test's own, which must be empty afterwards. */
async function throughProxy(
  faults: ProxyFaults,
  { plan = {}, wishes = {} }: { readonly plan?: Partial<typeof SHORT_PLAN>; readonly wishes?: Wishes } = {},
): Promise<DoctorResult> {
  await using pawl = await startServer(wishes);
  await using proxy = await startFaultyProxy(pawl.port, faults);
  const whole = { ...SHORT_PLAN, ...plan };
  const found = await runDoctor([proxy.url], { plan: whole });
  const left = [...await pawl.finishedNames(), ...await pawl.incomingNames()];
  assert(left.length <= found.json.remaining.length, `${left} are left`);
  // Each of some sixty requests has a head of a few hundred bytes.
  assert(proxy.received < mostBytes(whole) + 60 * 1024, `${proxy.received} bytes were sent`);
  return found;
}

/** Only what small requests tell. */
const SMALL = { plan: { cutBytes: 0, largeBytes: 0, announcedBytes: 0 } } as const;

const without = (name: string) => (lines: string[]) =>
  lines.filter((line) => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`));

Deno.test("a proxy that passes everything on is not in the way", async () => {
  const found = await throughProxy({}, {
    plan: { silenceMs: 60_000, slowMs: 1000 },
    wishes: { idleMs: 2500 },
  });
  assertEquals([found.code, found.codes, found.json.skipped, found.json.remaining], [0, [], [], []]);
  assertEquals(found.json.seen.cut.safe, found.json.seen.cut.sent);
  // Pawl itself has ended the silent body.
  assertEquals([found.json.seen.silence.by, found.json.seen.silence.code], ["pawl", "idle"]);
});

Deno.test("a proxy that holds requests back is told by a cut that loses everything", async () => {
  const found = await throughProxy({ holds: true }, { plan: { settleMs: 300 } });
  assertEquals([found.code, found.codes], [1, ["buffers-requests"]]);
  assertEquals([found.json.seen.cut.safe, found.json.seen.limit], [0, "none"]);
});

Deno.test("a proxy's limit of size is found, and told apart from Pawl's own", async () => {
  const limit = 300_000;
  const tooLarge = ownAnswer("413 Request Entity Too Large", "<html>too large</html>", ["Content-Type: text/html"]);
  const found = await throughProxy({ instead: ({ length }) => length > limit ? tooLarge : undefined });
  assertEquals([found.code, found.codes], [1, ["limits-size"]]);
  const { bytes, below, status } = found.json.seen.limit;
  assertEquals([bytes <= limit, limit < below, below / bytes < 1.03, status], [true, true, true, 413]);

  const own = await throughProxy({}, { wishes: { maxBytes: limit } });
  assertEquals([own.code, own.codes], [0, []]);
});

Deno.test("a limit that counts the bytes as they come is found too", async () => {
  const broken = ownAnswer("413 Content Too Large");
  const found = await throughProxy({
    instead: ({ length, header }) =>
      length === SHORT_PLAN.largeBytes && header("repr-digest") !== "" ? broken : undefined,
  });
  assertEquals([found.code, found.codes], [1, ["limits-size"]]);
});

Deno.test("a proxy that drops headers from requests is found", async () => {
  for (const name of ["X-Start-Byte", "X-File-Size", "Repr-Digest", "Tus-Resumable", "Upload-Offset"]) {
    const found = await throughProxy({ request: without(name) }, SMALL);
    assert(found.codes.includes("drops-request-headers"), `${name}: ${found.codes}`);
    assertEquals([found.code, found.json.seen.lostRequestHeaders, found.json.remaining], [1, [name], []]);
  }
});

Deno.test("a proxy that drops X-File-Id leaves nothing to look at, and its fault is told", async () => {
  const found = await throughProxy({ request: without("X-File-Id") });
  assertEquals(found.code, 2);
  assertMatch(found.json.findings[0].says, /No file id/);
});

Deno.test("a proxy that drops headers from answers is found, and what it hides is removed", async () => {
  for (const name of ["Upload-Offset", "Upload-Complete", "Tus-Resumable"]) {
    const found = await throughProxy({ answer: without(name) }, SMALL);
    assertEquals([found.codes, found.json.remaining], [["drops-answer-headers"], []]);
    assertEquals(found.json.seen.lostAnswerHeaders, [name]);
  }
  const nameless = await throughProxy({ answer: without("X-Error") }, SMALL);
  assertEquals([nameless.json.seen.refusals, nameless.codes.includes("drops-x-error")], ["nameless", true]);
  assertEquals((await throughProxy({ answer: without("ETag") }, SMALL)).codes, ["changes-downloads"]);
});

Deno.test("an upload of tus whose address nobody tells is named as one that remains", async () => {
  const found = await throughProxy({ answer: without("Location") }, SMALL);
  assertEquals(found.json.seen.lostAnswerHeaders, ["Location"]);
  assertMatch(found.json.remaining.join(), /^pawl-doctor-[\da-f]{8}-tus\.txt$/);
});

Deno.test("a proxy that makes a 502 of an early refusal is found", async () => {
  const found = await throughProxy({
    hidesEarly: ({ length, header }) => length === SHORT_PLAN.largeBytes && header("x-start-byte") === "1",
  });
  assertEquals([found.code, found.codes], [1, ["hides-early-refusals"]]);
});

Deno.test("a proxy that breaks on an interim response is found, whether it takes that for the answer or gives none", async () => {
  const node = { ...SMALL, wishes: { listener: "node" } } as const;
  const passed = await throughProxy({}, node);
  assertEquals([passed.json.seen.interim, passed.codes], ["passed", []]);
  const taken = await throughProxy({
    heard: (_, answer) => answer.replace(/^HTTP\/1\.1 104 [^\r]*\r\n/, "$&Date: Tue, 01 Dec 2026 00:00:00 GMT\r\n"),
  }, node);
  assertEquals([taken.code, taken.json.seen.interim, taken.codes], [1, "as-answer", ["breaks-interim"]]);
  const silent = await throughProxy({
    instead: ({ header }) => header("upload-draft-interop-version") === "" ? undefined : "",
  }, node);
  assertEquals([silent.code, silent.json.seen.interim, silent.codes], [1, "no-answer", ["breaks-interim"]]);
  // It is not the interim response that is in the way.
  const closed = await throughProxy(
    { instead: ({ header }) => header("upload-complete") === "" ? undefined : "" },
    node,
  );
  assertEquals([closed.json.seen.interim, closed.codes], ["unanswered", ["blocks-ietf"]]);
});

Deno.test("a proxy that ends silent bodies is told with its time", async () => {
  const found = await throughProxy({ idleMs: 1500 }, { plan: { ...SMALL.plan, silenceMs: 100_000 } });
  assertEquals([found.code, found.codes], [1, ["ends-silent-bodies"]]);
  assert(found.json.seen.silence.afterMs >= 1500);
});

Deno.test("a proxy that ends long requests is found by a slow body", async () => {
  const found = await throughProxy({ longMs: 3000 }, { plan: { ...SMALL.plan, slowMs: 60_000 } });
  assert(found.codes.includes("ends-slow-bodies"), found.codes.join());
});

Deno.test("a proxy that replaces errors, blocks methods or bodies without a length is found", async () => {
  const page = ownAnswer("404 Not Found", "<html>Our page</html>", ["Content-Type: text/html"]);
  const isNameless = ({ path, header }: SeenRequest) => path === "/status" && header("x-file-id") === "";
  const replaced = await throughProxy({ instead: (request) => isNameless(request) ? page : undefined }, SMALL);
  assertEquals(replaced.codes, ["replaces-errors"]);
  const denied = ownAnswer("405 Method Not Allowed");
  const blocked = await throughProxy({ instead: ({ method }) => method === "PATCH" ? denied : undefined }, SMALL);
  assertEquals([blocked.codes, blocked.json.seen.blockedMethods], [["blocks-methods"], ["PATCH"]]);
  const isChunked = ({ header }: SeenRequest) => header("transfer-encoding") !== "";
  const length = ownAnswer("411 Length Required");
  const chunked = await throughProxy({ instead: (request) => isChunked(request) ? length : undefined }, SMALL);
  assertEquals(chunked.codes, ["refuses-chunked"]);
});

Deno.test("a proxy that lets no upload of tus or of the IETF's protocol begin is found", async () => {
  for (const answer of [ownAnswer("403 Forbidden", "<html>no</html>", ["Content-Type: text/html"]), ""]) {
    const found = await throughProxy({
      instead: ({ method, path }) => method === "POST" && path === "/files/" ? answer : undefined,
    }, SMALL);
    assertEquals([found.code, found.codes], [1, ["blocks-tus", "blocks-ietf"]]);
    assertEquals(found.json.fine.some((line: string) => line.includes("PATCH")), false);
  }
});

Deno.test("a proxy that compresses, drops Range, or tells an old answer again is found", async () => {
  assertEquals((await throughProxy({ compresses: true }, SMALL)).codes, ["compresses-downloads"]);
  assertEquals((await throughProxy({ request: without("Range") }, SMALL)).codes, ["breaks-range"]);
  const kept = new Map<string, string>();
  const cached = await throughProxy({
    heard({ method, path, header }, answer) {
      const key = header("x-file-id");
      if (method !== "GET" || path !== "/status" || !key.endsWith("-file") || kept.has(`${key} again`)) return answer;
      if (kept.has(key)) kept.set(`${key} again`, "");
      else kept.set(key, answer);
      return kept.get(key)!;
    },
  }, SMALL);
  assertEquals(cached.codes, ["caches-answers"]);
});

Deno.test("a proxy that drops Content-Encoding, or changes the name of the host, is found", async () => {
  const coding = await throughProxy({ request: without("Content-Encoding") }, SMALL);
  assertEquals(coding.codes, ["changes-content-encoding"]);
  const renamed = (lines: string[]) => lines.map((line) => line.startsWith("Host:") ? "Host: 127.0.0.1:9" : line);
  const host = await throughProxy({ request: renamed }, SMALL);
  assertEquals([host.codes, host.code], [["changes-host"], 1]);
});

Deno.test("a proxy that answers by itself is told apart from Pawl", async () => {
  const html = ["Content-Type: text/html"];
  const answers: readonly [answer: string, code: string, says: RegExp][] = [
    [ownAnswer("200 OK"), "empty-answer", /empty 200/],
    [ownAnswer("401 Unauthorized", "<title>Sign in</title>", html), "login", /sign-in of its own \(401, "Sign in"\)/],
    [ownAnswer("200 OK", "<html><title>Log in to continue", html), "login", /Log in to continue/],
    [ownAnswer("302 Found", "", ["Location: https://up.example/"]), "redirect", /leads on to https:\/\/up\.example\//],
    [ownAnswer("502 Bad Gateway", "<title>502 Bad Gateway</title>", html), "no-upstream", /cannot reach Pawl/],
    [ownAnswer("200 OK", "<title>Welcome to nginx!</title>", html), "not-pawl", /Welcome to nginx!/],
    ["", "unreachable", /no HTTP answer/],
    ["SSH-2.0-OpenSSH_9.2\r\n", "unreachable", /no HTTP answer/],
  ];
  for (const [answer, code, says] of answers) {
    await using proxy = await startFaultyProxy(9, { instead: () => answer });
    const found = await runDoctor([proxy.url]);
    assertEquals([found.code, found.codes], [2, [code]]);
    assertMatch(found.json.findings[0].says, says);
  }
});
