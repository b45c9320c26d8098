import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { extent } from "../../support/campaign.ts";
import { needsAll } from "../../support/needs_all.ts";
import { pipeline, sendRaw, shown } from "../../support/pipeline.ts";
import { seedOfRun, withSeed } from "../../support/random.ts";
import { annasThings, finishAnnas } from "./annas_things.ts";
import { type HostileRequest, hostileRequest } from "./hostile_requests.ts";
import { SENDERS } from "./hostile_senders.ts";
import { ANNAS_SECRET, type HostileSite, openHostileSite } from "./hostile_site.ts";

/** How many requests are made, which `PAWL_RUNS` says too, and after how many all that is Anna's is looked at. */
const REQUESTS = Number(Deno.env.get("PAWL_RUNS") ?? extent({ short: 200, long: 100_000 }));
const LOOK_EVERY = 2000;

/** The options of the servers that are attacked, one after the other. */
const SERVERS: readonly (readonly string[])[] = [
  ["--user-header", "remote-user"],
  ["--open", "--allow-origin", "*"],
  ["--user-header", "remote-user", "--owner-folders", "--allow-origin", "https://evil.example"],
  ["--public-url", "https://localhost"],
];

/** How many requests are sent together, and on how many connections. */
const BATCH = extent({ short: 200, long: 400 });
const LINES = 8;

/** A request that is not answered, or a connection that is not closed, for so long hangs, also on a busy machine. */
const PATIENCE_MS = 60_000;

/** The only failures that a server may have: it is busy or ends, or has no room. */
const ALLOWED_FAILURES = new Set([503, 507]);

interface Tally {
  requests: number;
  readonly statuses: Map<number, number>;
}

/** Sends requests, and looks at their answers. */
async function attack(site: HostileSite, requests: readonly HostileRequest[], tally: Tally): Promise<void> {
  const share = Math.ceil(requests.length / LINES);
  const lines = Array.from({ length: LINES }, (_, line) => requests.slice(line * share, (line + 1) * share));
  await Promise.all(lines.map(async (requests) => {
    await attackInTurn(site, requests.filter((request) => !isRaw(request)), tally);
    await Promise.all(requests.filter(isRaw).map((request) => attackRaw(site, request)));
  }));
  tally.requests += requests.length;
}

async function attackInTurn(site: HostileSite, requests: readonly HostileRequest[], tally: Tally): Promise<void> {
  const messages = requests.map(site.messageOf);
  const replies = await pipeline(site.pawl.port, messages, PATIENCE_MS);
  for (const [index, { status, head, body }] of replies.entries()) {
    const { sender } = requests[index]!;
    const what = () => `${sender}: ${shown(messages[index]!.bytes)}\n${head}${body.slice(0, 500)}`;
    assert(status < 500 || ALLOWED_FAILURES.has(status), what());
    const mayRead = "readsAnnas" in SENDERS[sender];
    assert(mayRead || !`${head}${body}`.includes(ANNAS_SECRET), `It tells of Anna's. ${what()}`);
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
  }
}

async function attackRaw(site: HostileSite, request: HostileRequest): Promise<void> {
  const { bytes } = site.messageOf(request);
  const answer = await sendRaw(site.pawl.port, bytes, PATIENCE_MS);
  for (const [, status] of answer.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)) {
    assert(Number(status) < 500 || ALLOWED_FAILURES.has(Number(status)), `${shown(bytes)}\n${answer.slice(0, 2000)}`);
  }
  const mayRead = "readsAnnas" in SENDERS[request.sender];
  assert(
    mayRead || !answer.includes(ANNAS_SECRET),
    `It tells of Anna's. ${request.sender}: ${shown(bytes)}\n${answer}`,
  );
}

function isRaw({ rawEdits }: HostileRequest): boolean {
  return rawEdits.length > 0;
}

/** Sends so many requests to a server of its own, and throws when one of them has done what it must not. */
async function campaign(args: readonly string[], requests: number, seed: number, tally: Tally): Promise<void> {
  await using site = await openHostileSite(["--log-level", "debug", ...args]);
  const before = await annasThings(site);
  const first = tally.requests;
  let looked = first;
  const look = async () => {
    assertEquals(await annasThings(site), before, `Between ${looked} and ${tally.requests} requests`);
    looked = tally.requests;
    await site.renew();
  };
  const run = fc.asyncProperty(fc.array(hostileRequest, { minLength: BATCH, maxLength: BATCH }), async (requests) => {
    await attack(site, requests, tally);
    if (tally.requests - looked >= LOOK_EVERY) await look();
  });
  // A shorter row of requests would fail for another reason: the site has changed meanwhile.
  const { errorInstance } = await fc.check(run, { numRuns: Math.ceil(requests / BATCH), seed, endOnFailure: true });
  if (errorInstance !== null) throw errorInstance;
  await look();
  await finishAnnas(site);
  const log = site.pawl.output();
  const told = log.split("\n").filter((line) => site.secrets().some((secret) => line.includes(secret)));
  assertEquals(told, [], "The log tells a secret");
  assertEquals(log.match(/^.*(?: at (?:async )?\S+ \(|\n\s+at |Uncaught|\[ERROR\]).*$/gm), null);
  assert(tally.requests - first >= requests);
}

Deno.test(
  "random bytes in every header, path and query break nothing, reach nothing, and are answered",
  needsAll,
  async () => {
    const seed = seedOfRun();
    const tally: Tally = { requests: 0, statuses: new Map() };
    const began = performance.now();
    // A short run has time for one server.
    const servers = REQUESTS < 10 * BATCH ? [SERVERS[seed % SERVERS.length]!] : SERVERS;
    for (const args of servers) {
      const detail = () => `The server has ${args.join(" ")}; ${tally.requests} requests are done`;
      await withSeed(seed, () => campaign(args, REQUESTS / servers.length, seed, tally), detail);
    }
    const seconds = (performance.now() - began) / 1000;
    const counts = [...tally.statuses].sort(([one], [other]) => one - other).map(([status, count]) =>
      `${status}: ${count}`
    );
    // deno-lint-ignore no-console -- what a campaign has done is told
    console.log(`${tally.requests} requests in ${seconds.toFixed(1)} s; ${counts.join(", ")}; PAWL_SEED=${seed}`);
  },
);

Deno.test("what is Anna's is seen to change when it does", needsAll, async () => {
  await using site = await openHostileSite([]);
  const { ask, anna, annas } = site;
  const changes: (() => Promise<Response>)[] = [
    () => ask("POST /upload", { ...anna, "X-File-Id": "unfinished", "X-Start-Byte": "3", "X-File-Size": "6" }, "d"),
    () => ask(`DELETE /api/links/${annas["LINKID"]}`, anna),
    () => ask(`DELETE /files/${annas["PARTIAL"]}`, anna),
    () => ask("DELETE /api/session", { Cookie: site.session, "Sec-Fetch-Site": "same-origin" }),
  ];
  for (const change of changes) {
    const before = await annasThings(site);
    const response = await change();
    assertEquals([response.ok, await response.text()], [true, response.status === 200 ? "4" : ""]);
    assertNotEquals(await annasThings(site), before);
  }
});
