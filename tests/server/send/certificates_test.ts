import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import net from "node:net";
import tls from "node:tls";
import { runSend } from "../../support/sending.ts";
import { startSite } from "../../support/test_site.ts";

const OPENSSL = "/usr/bin/openssl";
const isMissing = !await Deno.stat(OPENSSL).then(() => true, () => false);

Deno.test({
  name: "a server with a certificate of its own is trusted by --ca, and not without",
  ignore: isMissing,
  async fn() {
    await using site = await startSite();
    const [cert, key] = [join(site.folder, "cert.pem"), join(site.folder, "key.pem")];
    const made = await new Deno.Command(OPENSSL, {
      args: "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pawl".split(" ")
        .concat(
          "-addext",
          "subjectAltName=IP:127.0.0.1",
          "-addext",
          "basicConstraints=critical,CA:FALSE",
          "-out",
          cert,
          "-keyout",
          key,
        ),
      stderr: "null",
    }).output();
    assertEquals(made.code, 0);
    const [certText, keyText] = await Promise.all([Deno.readTextFile(cert), Deno.readTextFile(key)]);
    const front = tls.createServer({ cert: certText, key: keyText }, (client) => {
      const target = net.connect(site.pawl.port, "127.0.0.1");
      client.on("error", () => target.destroy());
      target.on("error", () => client.destroy());
      client.pipe(target).pipe(client);
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    await using open = new AsyncDisposableStack();
    open.defer(() => new Promise<void>((resolve) => void front.close(() => resolve())));
    const url = `https://127.0.0.1:${(front.address() as net.AddressInfo).port}`;
    const path = await site.write("a.bin", 2_000_000);
    const without = await runSend(site.folder, [path, url]);
    assertEquals([without.code, without.told.length], [1, 1]);
    assertStringIncludes(without.told[0]!, "is not trusted: give the right one by --ca FILE");
    const wrong = await runSend(site.folder, ["--ca", path, path, url]);
    assertEquals([wrong.code, wrong.told], [2, ["The file of --ca has no certificate in PEM form"]]);
    const trusted = await runSend(site.folder, ["--tries", "5", "--ca", cert, path, url]);
    assertEquals([trusted.code, await site.isWhole("a.bin", path)], [0, true], trusted.told.join("\n"));
  },
});
