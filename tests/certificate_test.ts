import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { connectTrusting, startRenewed, trusting } from "./support/https.ts";
import { untilReceived } from "./support/incoming.ts";

const file = someBytes(3_000_000);

/** A body that gives the second half of the file when it is told. */
function halves(): { body: ReadableStream<Uint8Array<ArrayBuffer>>; finish: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* pieces() {
    yield file.subarray(0, 1_500_000);
    await promise;
    yield file.subarray(1_500_000);
  }
  return { body: ReadableStream.from(pieces()), finish: resolve };
}

for (const http2 of [true, false]) {
  const version = http2 ? "HTTP/2" : "HTTP/1.1";

  Deno.test(`an upload over ${version} goes on while the certificate changes`, async () => {
    await using server = await startRenewed();
    using client = trusting([server.first], { http2 });
    const { body, finish } = halves();
    const headers = { "X-File-Id": "a", "X-File-Size": String(file.length) };
    const answer = client.fetch(`${server.url}/upload`, { method: "POST", headers, body });
    await untilReceived(server.data, 1_500_000);
    const next = await server.renew();
    await assertRejects(() => connectTrusting(server.port, server.first), Error, "certificate");
    using fresh = trusting([next], { http2 });
    assertEquals((await (await fresh.fetch(`${server.url}/healthz`)).text()).includes("alive"), true);
    finish();
    assertEquals(await (await answer).text(), "Success 3000000");
    assertEquals(await Deno.readFile(join(server.data, "files", "a")), file);
  });
}

Deno.test("without HTTP/2 a client that would speak it too gets HTTP/1.1, also after a change of the certificate", async () => {
  for (const [http2, spoken] of [["on", "h2"], ["off", "http/1.1"]] as const) {
    await using server = await startRenewed({ args: ["--http2", http2] });
    const speaks = async (caCert: string) => {
      const alpnProtocols = ["h2", "http/1.1"];
      using connection = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: server.port,
        caCerts: [caCert],
        alpnProtocols,
      });
      return (await connection.handshake()).alpnProtocol;
    };
    assertEquals(await speaks(server.first.cert), spoken);
    const next = await server.renew();
    assertEquals(await speaks(next.cert), spoken);
  }
});

Deno.test("of many certificates one after the other, each is the one that new connections get", async () => {
  await using server = await startRenewed();
  for (let change = 0; change < 5; change++) {
    const next = await server.renew();
    (await connectTrusting(server.port, next)).close();
  }
});
