import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { writeCertificate } from "../../support/certificate.ts";
import { runDoctor, SHORT_PLAN } from "../../support/doctor.ts";
import { runLink } from "../../support/commands.ts";
import { startFaultyProxy } from "../../support/faulty_proxy.ts";
import { startServer } from "../../support/pawl.ts";
import { programTest } from "../../support/programs.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { addTestToken, withLinks } from "../../support/tokens.ts";

const OPENSSL = ["/usr/bin/openssl"];
const PLAN = { ...SHORT_PLAN, cutBytes: 0, largeBytes: 0, announcedBytes: 0 };

/** A front with TLS before a server. `seen` has all that came through it. */
async function startFront(port: number, { pem, keyPath }: { pem: string; keyPath: string }) {
  const seen: string[] = [];
  const key = await Deno.readTextFile(keyPath);
  const front = Deno.listenTls({ port: 0, hostname: "127.0.0.1", cert: pem, key });
  const relay = async (client: Deno.TlsConn): Promise<void> => {
    const target = await Deno.connect({ port, hostname: "127.0.0.1" });
    const up = async () => {
      for await (const bytes of client.readable.values({ preventCancel: true })) {
        seen.push(new TextDecoder().decode(bytes));
        for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
      }
    };
    const down = async () => {
      for await (const bytes of target.readable.values({ preventCancel: true })) {
        for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
      }
    };
    await Promise.race([up(), down()].map((one) => one.catch(() => {})));
    for (const end of [client, target]) {
      try {
        end.close();
      } catch {
        // Its stream has closed it.
      }
    }
  };
  const relays: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of front) relays.push(relay(client).catch(() => {}));
  })();
  return {
    seen,
    url: `https://localhost:${front.addr.port}`,
    async [Symbol.asyncDispose]() {
      front.close();
      await accepting.catch(() => {});
      await Promise.all(relays);
    },
  };
}

programTest("a certificate that is not trusted, or soon over, is told", {
  programs: OPENSSL,
  async run() {
    await using dir = await tempDir();
    const certificate = await writeCertificate(dir.path);
    await using pawl = await startServer();
    await using front = await startFront(pawl.port, certificate);
    const without = await runDoctor([front.url], { plan: PLAN });
    assertEquals([without.code, without.codes.includes("certificate-not-trusted")], [1, true]);
    // The server behind it was told nothing of HTTPS.
    assertEquals(without.codes.includes("cookie-not-secure"), true);
    const trusted = await runDoctor(["--ca", certificate.path, front.url], { plan: PLAN });
    assertEquals(trusted.codes, ["certificate-soon-over", "cookie-not-secure", "no-http2"]);
  },
});

programTest("a token goes to nobody whose certificate is not trusted", {
  programs: OPENSSL,
  async run() {
    await using dir = await tempDir();
    const certificate = await writeCertificate(dir.path);
    await using pawl = await startServer();
    await using front = await startFront(pawl.port, certificate);
    const found = await runDoctor([front.url], { plan: PLAN, env: { PAWL_TOKEN: "pawl_secret" } });
    assertEquals([found.code, found.codes], [2, ["unreachable", "certificate-not-trusted", "no-http2"]]);
    assertEquals(front.seen.join(""), "");
    assertMatch(found.json.findings[0].says, /your secret must not go to a server that nobody vouches for/);
  },
});

programTest("a server that knows its public address has nothing in its way", {
  programs: OPENSSL,
  async run() {
    await using dir = await tempDir();
    const certificate = await writeCertificate(dir.path);
    await using pawl = await startServer({ data: join(dir.path, "data"), publicUrl: "https://localhost" });
    await using front = await startFront(pawl.port, certificate);
    const found = await runDoctor(["--ca", certificate.path, front.url], { plan: PLAN });
    assertEquals(found.codes, ["certificate-soon-over", "no-http2"]);
    const token = await addTestToken(join(dir.path, "data"), { name: "anna" });
    const anna = await runDoctor(["--ca", certificate.path, front.url], { plan: PLAN, env: { PAWL_TOKEN: token } });
    // Links begin with the public address, which has no port.
    assertEquals(anna.codes, ["certificate-soon-over", "links-elsewhere", "no-http2"]);
  },
});

Deno.test("a server with tokens is looked at with one, and no link of it stays", async () => {
  await using dir = await tempDir();
  const token = await addTestToken(dir.path, { name: "anna", rights: ["upload", "read"] });
  await using pawl = await startServer({ data: dir.path });
  const nobody = await runDoctor([pawl.url], { plan: PLAN });
  assertEquals([nobody.code, nobody.codes], [2, ["wants-token"]]);
  const file = join(dir.path, "token");
  await Deno.writeTextFile(file, `${token}\n`);
  const anna = await runDoctor(["--token-file", file, pawl.url], { plan: PLAN });
  assertEquals([anna.code, anna.codes, anna.json.skipped], [0, ["links-elsewhere"], []]);
  assertEquals(await withLinks(dir.path, (store) => store.list()), []);
  assertEquals(await pawl.finishedNames(), []);
  assert(!anna.printed.join().includes(token) && !anna.told.join().includes(token));
});

Deno.test("links that lead to another address are a fault", async () => {
  await using dir = await tempDir();
  const token = await addTestToken(dir.path, { name: "anna" });
  await using pawl = await startServer({ data: dir.path, publicUrl: "http://other.example" });
  const found = await runDoctor([pawl.url], { plan: PLAN, env: { PAWL_TOKEN: token } });
  assertEquals([found.code, found.codes], [1, ["links-elsewhere"]]);
});

Deno.test("an upload link can be looked at, and what it may not read is told", async () => {
  await using dir = await tempDir();
  await addTestToken(dir.path, { name: "anna" });
  const { printed } = await runLink(["add", "--data", dir.path]);
  await using pawl = await startServer({ data: dir.path });
  const found = await runDoctor([`${pawl.url}${URL.parse(printed, pawl.url)!.pathname}`], { plan: PLAN });
  assertEquals([found.code, found.codes], [0, []]);
  assertEquals(found.json.skipped, ["the way back: you may not read the file"]);
  assertEquals([await pawl.finishedNames(), await pawl.incomingNames()], [[], []]);
});

Deno.test("a server below a path is looked at there", async () => {
  await using pawl = await startServer({ basePath: "/box" });
  const found = await runDoctor([`${new URL(pawl.url).origin}/box/`], { plan: { ...PLAN, largeBytes: 100_000 } });
  assertEquals([found.code, found.codes], [0, []]);
  assertEquals([await pawl.finishedNames(), await pawl.incomingNames()], [[], []]);
  assertEquals((await runDoctor([new URL(pawl.url).origin], { plan: PLAN })).code, 2);
});

Deno.test("a server that takes no file says why", async () => {
  await using pawl = await startServer({ totalBytes: 10 });
  const found = await runDoctor([pawl.url], { plan: PLAN });
  assertEquals([found.code, found.codes], [2, ["refused"]]);
  assertMatch(found.json.findings[0].says, /^Pawl refuses \(over-quota\): /);
});

Deno.test("clocks that differ are told", async () => {
  await using pawl = await startServer();
  const found = await runDoctor([pawl.url], { plan: PLAN, now: () => Date.now() + 10 * 60_000 });
  assertEquals([found.code, found.codes], [1, ["clock-skewed"]]);
  assertEquals(found.json.findings[0].says, "The server's clock is 10 min behind this machine's");
});

Deno.test("a name that the server does not know is told with the option for it", async () => {
  await using pawl = await startServer({ allowedHosts: [] });
  // Every name below localhost is known, so the proxy of this test gives another one.
  await using proxy = await startFaultyProxy(pawl.port, {
    request: (lines) => lines.map((line) => line.startsWith("Host:") ? "Host: up.example" : line),
  });
  const found = await runDoctor([proxy.url], { plan: PLAN });
  assertEquals([found.code, found.codes], [2, ["wrong-name"]]);
});

Deno.test("a doctor that is stopped in the middle removes what it has uploaded", async () => {
  await using pawl = await startServer();
  const stop = new AbortController();
  const told: string[] = [];
  const found = await runDoctor([pawl.url], {
    plan: { ...PLAN, silenceMs: 600_000, slowMs: 600_000 },
    signal: stop.signal,
    async tell(line) {
      told.push(line);
      if (!line.includes("silent")) return;
      while ((await pawl.incomingNames()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      stop.abort(130);
    },
  });
  assertEquals([found.code, found.printed], [130, []]);
  assertEquals(told.at(-1), "Stopped: what was uploaded is removed");
  assertEquals([await pawl.finishedNames(), await pawl.incomingNames()], [[], []]);
});

/** Answers one question as a Pawl does, and ends each connection after it. */
function startOnce(): Deno.TcpListener {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const head = "HTTP/1.1 200 OK\r\nUpload-Offset: 0\r\nUpload-Complete: ?0\r\nContent-Length: 1\r\nConnection: close";
  (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(`${head}\r\n\r\n0`));
    await connection.read(new Uint8Array(1));
  })().catch(() => {});
  return listener;
}

Deno.test("a server that is not reached any more after its first answer does not count as well", async () => {
  const listener = startOnce();
  const found = await runDoctor([`http://127.0.0.1:${listener.addr.port}`], {
    tell: (line) => line.includes("which headers") && listener.close(),
  });
  assertEquals([found.code, found.codes], [1, ["connections-fail"]]);
  assertEquals(found.json.skipped.length, 1);
  assertMatch(found.json.findings[0].says, /^Pawl answers, but not each connection comes about: .*refused/i);
});

Deno.test("where nothing listens, and where there is no such name, the doctor says so", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const refused = await runDoctor([`http://127.0.0.1:${port}`]);
  assertEquals([refused.code, refused.codes], [2, ["unreachable"]]);
  assertMatch(refused.json.findings[0].says, /refused/i);
});
