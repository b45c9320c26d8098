import { assertEquals, assertMatch } from "@std/assert";
import { endTunnels } from "../../../server/http/tunnels.ts";
import { connectTrusting, startHttps } from "../../support/https.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";
import { connect, head, postHead, type RawConnection, speakOn } from "../../support/raw.ts";

/** A request that a proxy would take for the content of the one before it. */
const HIDDEN = `${postHead("hidden", { "Content-Length": 3, "Connection": "close" })}abc`;

/** CONNECT in the forms in which proxies pass it on. */
const CONNECTS = {
  "a length": head("CONNECT localhost:80", { "Content-Length": HIDDEN.length }),
  "another host": head("CONNECT example.com:443", { "Host": "example.com:443", "Content-Length": HIDDEN.length }),
  "no length": head("CONNECT localhost:80"),
  "a path": head("CONNECT localhost/upload", { "Content-Length": HIDDEN.length }),
  "a path alone": head("CONNECT /upload", { "Content-Length": HIDDEN.length }),
  "chunks": `${head("CONNECT localhost:80", { "Transfer-Encoding": "chunked" })}${HIDDEN.length.toString(16)}\r\n`,
};

/** Sends what follows a CONNECT with it, and once more behind the answer; nothing of it may be a request. */
async function assertLast(server: TestServer, open: () => Promise<RawConnection>): Promise<void> {
  for (const [form, connectHead] of Object.entries(CONNECTS)) {
    using connection = await open();
    await connection.send(head("GET /healthz"));
    assertEquals((await connection.answer()).status, 200);
    await connection.send(connectHead + HIDDEN);
    await connection.heard();
    await connection.send(HIDDEN);
    const text = await connection.closed();
    assertMatch(text, /^HTTP\/1\.1 40[05] /, form);
    assertEquals(text.split("HTTP/1.1").length, 2, text);
  }
  assertEquals(await server.finishedNames(), []);
  assertEquals(await server.incomingNames(), []);
  assertEquals(server.log.lines.filter((line) => /^(?:warning|error): /.test(line)), []);
}

Deno.test("nothing that follows a CONNECT is taken for a request", async () => {
  await using server = await startServer();
  await assertLast(server, () => connect(server.port));
});

Deno.test("nothing that follows a CONNECT over TLS is taken for a request", async () => {
  await using site = await startHttps();
  await assertLast(site.server, async () => speakOn(await connectTrusting(site.server.port, site.first)));
});

Deno.test("what asks for CONNECT is told why not, and what has no body stays without one", async () => {
  for (const text of ["Not here", null]) {
    const headers = { "X-Error": "bad-request", ...text !== null && { "Content-Length": String(text.length) } };
    const app = endTunnels(() => Promise.resolve(new Response(text, { status: 400, headers })));
    const answer = await app({ method: "CONNECT" } as Request);
    const { status, headers: kept } = answer;
    assertEquals([status, kept.get("x-error"), kept.get("content-length")], [400, "bad-request", null]);
    let told = "";
    let end: unknown;
    try {
      for await (const piece of answer.body!) told += new TextDecoder().decode(piece);
    } catch (error) {
      end = error;
    }
    assertEquals([told, String(end)], [text ?? "", "BrokenOff: The answer to a CONNECT ends its connection"]);
    const other = await app({ method: "GET" } as Request);
    assertEquals([other.headers.get("content-length"), await other.text()], [text && "8", text ?? ""]);
  }
});
