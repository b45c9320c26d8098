import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Transport, Uploader, UploadError } from "../../client/mod.ts";
import { sha256, someBytes } from "../support/bytes.ts";
import { curl } from "../support/curl.ts";
import { startServer } from "../support/pawl.ts";
import { PROXIES, type ProxyName, proxyTest, startReverseProxy } from "../support/reverse_proxies.ts";
import { type Fault, startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";

const MIB = 2 ** 20;
/** Soon after the first request that is larger than nginx lets through has begun. */
const CUT: Fault = { kind: "cut", direction: "up", after: 1.5 * MIB };

/** The transport of a program, which speaks HTTP/2 and trusts this certificate. It counts the bodies that were refused. */
function fetchTransport(client: Deno.HttpClient, refused: number[]): Transport {
  return async ({ method, url, headers, body, onSent, signal }) => {
    const response = await fetch(url, { method, headers, body: await body?.bytes() ?? null, signal, client });
    onSent?.(body?.size ?? 0);
    if (!response.ok) refused.push(response.status);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

for (const name of Object.keys(PROXIES) as ProxyName[]) {
  proxyTest(
    name,
    `behind ${name} as one begins with it, the client library gets its file there, through a cut`,
    async () => {
      await using pawl = await startServer({ maxBytes: 8 * MIB });
      await using proxy = await startReverseProxy(name, { upstream: pawl.port, config: "plain" });
      let cuts = 0;
      await using line = await startProxy({
        to: proxy.port,
        plan: () => cuts === 0 ? CUT : undefined,
        onFault: () => cuts++,
      });
      using client = Deno.createHttpClient({ caCerts: [proxy.certificate.pem] });
      const bytes = someBytes(6 * MIB);
      const refused: number[] = [];
      const common = {
        endpoint: `https://localhost:${line.port}`,
        transport: fetchTransport(client, refused),
        random: () => 0.1,
      };
      const uploader = new Uploader({ ...common, file: new File([bytes], "film.mkv"), id: "film" });
      assertEquals(await uploader.upload(), true);
      assertEquals(sha256(await pawl.finished("film.mkv")), sha256(bytes));
      assertEquals(cuts, 1);
      // nginx lets 1 MiB through. The others let through what they get.
      assertEquals(refused.includes(413), name === "nginx");

      const large = new Uploader({ ...common, file: new File([someBytes(9 * MIB)], "large.mkv"), id: "large" });
      const error = await assertRejects(() => large.upload(), UploadError);
      assertEquals([error.code, error.limit], ["too-large", 8 * MIB]);
    },
  );

  proxyTest(name, `behind ${name} as one begins with it, a refused request of the largest size hears why`, async () => {
    await using pawl = await startServer({ maxBytes: MIB / 2 });
    await using proxy = await startReverseProxy(name, { upstream: pawl.port, config: "plain" });
    await using dir = await tempDir();
    const path = `${dir.path}/large`;
    await Deno.writeFile(path, new Uint8Array());
    // nginx itself refuses more. The client library sends 16 MiB at most.
    await Deno.truncate(path, name === "nginx" ? MIB : 16 * MIB);
    const args = ["-X", "POST", "-T", path, "-H", "X-File-Id: a", "-H", "Expect:"];
    for (const version of ["--http2", "--http1.1"]) {
      const { status, headers } = await curl(proxy.certificate.path, version, ...args, `${proxy.url}/upload`);
      assertEquals([version, status, headers.get("x-error")], [version, 413, "too-large"]);
    }
    assert(pawl.log.lines.every((line) => !line.startsWith("error")));
  });
}
