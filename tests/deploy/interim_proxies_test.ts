import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startServer } from "../support/pawl.ts";
import { head, speakOn } from "../support/raw.ts";
import { type ProxyName, proxyTest, type ReverseProxy, startReverseProxy } from "../support/reverse_proxies.ts";
import { URL_SESSIONS } from "../support/url_session.ts";

// Each row of the table in docs/listeners.md, with Debian's programs.

interface Row {
  readonly proxy: ProxyName;
  readonly name: string;
  /** The lines beside those that one begins with. */
  readonly lines: readonly string[];
  /** The answer to a client that names a version, with `--interim=auto`, by the version of HTTP that it speaks. */
  readonly gets: Readonly<Record<"1.1" | "2", "every 104" | "no 104" | "a broken stream" | "no answer">>;
}

const UPSTREAM = "proxy_pass http://127.0.0.1:8080;";
const NEWER = "proxy_http_version 1.1;";
const KEPT = 'proxy_set_header Connection "";';

const ROWS: readonly Row[] = [
  { proxy: "caddy", name: "Caddy", lines: [], gets: { "1.1": "every 104", "2": "every 104" } },
  { proxy: "nginx", name: "nginx as it is", lines: [], gets: { "1.1": "no 104", "2": "no 104" } },
  {
    proxy: "nginx",
    name: `nginx with ${NEWER}`,
    lines: [NEWER],
    gets: { "1.1": "every 104", "2": "a broken stream" },
  },
  {
    proxy: "nginx",
    name: `nginx with ${NEWER} ${KEPT}`,
    lines: [NEWER, KEPT],
    gets: { "1.1": "no answer", "2": "no answer" },
  },
];

/** The statuses of all that `curl` gets to an upload in one request, and whether the connection held. */
async function upload(
  { url, certificate }: ReverseProxy,
  { http, isNamed, isPatient = true }: { http: string; isNamed: boolean; isPatient?: boolean },
): Promise<{ statuses: number[]; isWhole: boolean }> {
  const version = isNamed ? ["-H", "Upload-Draft-Interop-Version: 8"] : [];
  const patience = isPatient ? "60" : "3";
  const args = ["-s", "-i", `--http${http}`, "--max-time", patience, "--cacert", certificate.path, ...version];
  const { code, stdout } = await new Deno.Command("curl", {
    args: [...args, "-H", "Upload-Complete: ?1", "--data-binary", "0123456789", `${url}/files/`],
    stdin: "null",
    stderr: "null",
  }).output();
  const heads = new TextDecoder().decode(stdout).matchAll(/^HTTP\/\S+ (\d{3})/gm);
  return { statuses: Array.from(heads, ([, status]) => Number(status)), isWhole: code === 0 };
}

for (const { proxy, name, lines, gets } of ROWS) {
  const change = (config: string) => config.replace(UPSTREAM, [...lines, UPSTREAM].join("\n"));

  proxyTest(
    proxy,
    `${name}: what becomes of 104 is as the docs' table says, and --interim=off is always safe`,
    async () => {
      const config = "plain" as const;
      await using pawl = await startServer({ listener: "node" });
      await using before = await startReverseProxy(proxy, { upstream: pawl.port, config, change });
      await using silent = await startServer({ listener: "node", interim: "off" });
      await using beforeSilent = await startReverseProxy(proxy, { upstream: silent.port, config, change });
      for (const [http, expected] of Object.entries(gets)) {
        const plain = { statuses: [201], isWhole: true };
        assertEquals(await upload(before, { http, isNamed: false }), plain, "It names no version");
        assertEquals(await upload(beforeSilent, { http, isNamed: true }), plain, "--interim=off");
        const found = await upload(before, { http, isNamed: true, isPatient: expected !== "no answer" });
        const told = {
          "every 104": { statuses: [104, 201], isWhole: true },
          "no 104": plain,
          "a broken stream": { statuses: [], isWhole: false },
          "no answer": { statuses: [], isWhole: false },
        };
        assertEquals([http, found], [http, told[expected]]);
      }
    },
  );
}

proxyTest("caddy", "through Caddy a client that is cut off behind its 104 goes on", async () => {
  await using pawl = await startServer({ listener: "node" });
  await using caddy = await startReverseProxy("caddy", { upstream: pawl.port, config: "recipe" });
  const file = someBytes(700_000);
  const { own, last, append, isComplete } = URL_SESSIONS.find(({ version }) => version === 6)!;
  const connectTo = async () => {
    const caCerts = [caddy.certificate.pem];
    return speakOn(await Deno.connectTls({ hostname: "localhost", port: caddy.port, caCerts }));
  };
  const host = { "Host": `localhost:${caddy.port}` };
  let path: string;
  {
    using first = await connectTo();
    await first.send(head("POST /files/", { ...host, ...last, "Content-Length": file.length }));
    await first.untilInterim(1);
    path = new URL(first.interim[0]?.headers.get("location") ?? "", caddy.url).pathname;
    await first.send(file.subarray(0, 200_000));
    await untilReceived(pawl.data, 200_000);
  }
  using question = await connectTo();
  await question.send(head(`HEAD ${path}`, { ...host, ...own }));
  const told = await question.answer("HEAD");
  assertEquals([told.status, told.headers.get("upload-offset"), isComplete(told)], [204, "200000", false]);
  using second = await connectTo();
  const rest = file.subarray(200_000);
  await second.send(
    head(`PATCH ${path}`, { ...host, ...append, "Upload-Offset": 200_000, "Content-Length": rest.length }),
  );
  await second.send(rest);
  const done = await second.answer();
  assert(done.status === 201 && isComplete(done), `It is answered ${done.status}`);
  assertEquals(await pawl.finished("file"), file);
});
