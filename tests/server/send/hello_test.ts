import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { hello, type HelloDeps, NoServer } from "../../../server/send/hello.ts";
import type { TransportAnswer } from "../../../client/mod.ts";

const ENDPOINT = "https://up.example";

function depsOf(answers: readonly (TransportAnswer | Error)[], more: Partial<HelloDeps> = {}) {
  const told: string[] = [];
  const waits: number[] = [];
  const left = [...answers];
  const deps: HelloDeps = {
    transport: () => {
      const next = left.length > 1 ? left.shift()! : left[0]!;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    hasToken: false,
    tries: Infinity,
    signal: new AbortController().signal,
    wait: (ms) => Promise.resolve(void waits.push(ms)),
    tell: (line) => told.push(line),
    ...more,
  };
  return { deps, told, waits };
}

const answer = (status: number, text = "", headers: Record<string, string> = {}): TransportAnswer => ({
  status,
  text,
  headers: new Headers(headers),
});

const REFUSED: readonly [what: string, answer: TransportAnswer, says: string, more?: Partial<HelloDeps>][] = [
  ["the empty 200 of a proxy", answer(200), "No Pawl answers at https://up.example, but something else"],
  ["a page of another server", answer(200, "<html>"), "but something else: check the address, and any proxy"],
  ["another server's 404", answer(404, "<html>"), "No Pawl answers at https://up.example (404): check the address"],
  ["a redirect", answer(301, "", { Location: "https://b/" }), "sends you on to https://b/: give that server's address"],
  ["401 without a token", answer(401), "wants a token: give --token-file FILE, or set PAWL_TOKEN"],
  ["401 with a token", answer(401), "does not know your token", { hasToken: true }],
  ["403", answer(403), "ask whoever runs it for that right"],
];

for (const [what, given, says, more] of REFUSED) {
  Deno.test(`${what} is told in one line that says what to do`, async () => {
    const { deps, waits } = depsOf([given], more);
    const { message } = await assertRejects(() => hello({ endpoint: ENDPOINT }, deps), NoServer);
    assertStringIncludes(message, says);
    assertEquals([message.includes("\n"), waits], [false, []]);
  });
}

Deno.test("a server that cannot be reached is tried again, each time with a line, until it is there", async () => {
  const refused = new TypeError("error sending request", { cause: new Error("tcp connect error: Connection refused") });
  const { deps, told, waits } = depsOf([refused, answer(503), answer(200, "{}")]);
  assertEquals((await hello({ endpoint: ENDPOINT }, deps))?.told, {});
  assertEquals(waits.length, 2);
  assertStringIncludes(told[0]!, "cannot be reached, nothing listens there. The next try is in");
  assertStringIncludes(told[1]!, "it answers 503");
});

Deno.test("a server that says when to come again is not asked before that", async () => {
  for (const status of [429, 503]) {
    const { deps, told, waits } = depsOf([answer(status, "", { "Retry-After": "120" }), answer(200, "{}")]);
    assertEquals((await hello({ endpoint: ENDPOINT }, deps))?.told, {});
    assertEquals(waits, [120_000]);
    assertStringIncludes(told[0]!, `it answers ${status}. The next try is in 120 s`);
  }
});

Deno.test("a server that was never reached is given up after some tries, and after fewer if so told", async () => {
  for (const [tries, waited] of [[Infinity, 9], [2, 1]] as const) {
    const { deps, waits } = depsOf([new TypeError("dns error: failed to lookup")], { tries });
    const { message } = await assertRejects(() => hello({ endpoint: ENDPOINT }, deps), NoServer);
    assertEquals([message, waits.length], [
      `${ENDPOINT} cannot be reached, its name is not known. Check the address and the network`,
      waited,
    ]);
  }
});

for (
  const [trouble, says] of [
    ["client error: invalid peer certificate: UnknownIssuer", "give the right one by --ca FILE"],
    ["client error: invalid peer certificate: Other(CaUsedAsEndEntity)", "make one with basicConstraints CA:FALSE"],
    ["client error: received corrupt message of type InvalidContentType", "speaks no TLS"],
    ['Requires net access to "a:80", run again with the --allow-net flag', "give --allow-net to deno run"],
  ] as const
) {
  Deno.test(`another try would not help: ${says}`, async () => {
    const { deps, waits } = depsOf([new TypeError("fetch failed", { cause: new Error(trouble) })]);
    const { message } = await assertRejects(() => hello({ endpoint: ENDPOINT }, deps), NoServer);
    assertStringIncludes(message, says);
    assertEquals(waits, []);
  });
}

Deno.test("another server of the protocol, without limits, is taken for files", async () => {
  const { deps } = depsOf([answer(404), answer(200, "0")]);
  assertEquals((await hello({ endpoint: ENDPOINT }, deps))?.told, {});
});

Deno.test("a stream goes only to a server that says that it takes one, which an older one does not", async () => {
  for (const answers of [[answer(200, "{}")], [answer(404), answer(200, "0")]]) {
    const { deps } = depsOf(answers, { isStream: true });
    const { message } = await assertRejects(() => hello({ endpoint: ENDPOINT }, deps), NoServer);
    assertStringIncludes(message, "takes no stream of unknown length: save it in a file, and send that");
  }
  const { deps } = depsOf([answer(200, '{"deferLength":true}')], { isStream: true });
  assertEquals((await hello({ endpoint: ENDPOINT }, deps))?.told, { deferLength: true });
});
