import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "../support/bytes.ts";
import { curl } from "../support/curl.ts";
import { startServer, type TestServer, type Wishes } from "../support/pawl.ts";
import {
  PROXIES,
  type ProxyName,
  proxyTest,
  type ReverseProxy,
  startReverseProxy,
} from "../support/reverse_proxies.ts";
import { type Fault, startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";
import { addTestToken } from "../support/tokens.ts";
import { until } from "../support/until.ts";

const MIB = 2 ** 20;
const SIZE = 4 * MIB;
const CUT_AFTER = 2.5 * MIB;
/** What a recipe may lose of a body that is cut: what HTTP/2 lets a client send ahead, and what lies in sockets. */
const MAY_BE_LOST = MIB;
const TRUSTED: Wishes = { trustedProxies: ["127.0.0.1/32"] };

/** Behind a proxy with its recipe. */
interface Site extends AsyncDisposable {
  readonly pawl: TestServer;
  readonly proxy: ReverseProxy;
  /** A folder of the test's own. */
  readonly dir: string;
  /** Runs `curl` with HTTP/2. */
  ask(path: string, ...args: string[]): ReturnType<typeof curl>;
}

async function openSite(name: ProxyName, wishes: Wishes = {}): Promise<Site> {
  await using open = new AsyncDisposableStack();
  const { path: dir } = open.use(await tempDir());
  const pawl = open.use(await startServer({ ...TRUSTED, ...wishes }));
  const proxy = open.use(await startReverseProxy(name, { upstream: pawl.port, config: "recipe" }));
  const kept = open.move();
  return {
    pawl,
    proxy,
    dir,
    ask: (path, ...args) => curl(proxy.certificate.path, ...args, proxy.url + path),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The headers of a question at the upload's address, in the protocols that have one, and the status of the answer. */
const QUESTIONS: Readonly<Record<string, { readonly header: string; readonly status: number }>> = {
  tus: { header: "Tus-Resumable: 1.0.0", status: 200 },
  ietf: { header: "Upload-Draft-Interop-Version: 8", status: 204 },
};

/** Each protocol: how `curl` sends a file of which the server has nothing yet, and where the server tells the offset. */
const PROTOCOLS: Readonly<Record<string, (site: Site, path: string) => Promise<{ to: string; args: string[] }>>> = {
  simple: (_, path) =>
    Promise.resolve({ to: "/upload", args: ["-H", "X-File-Id: simple", "-H", "Expect:", "--data-binary", `@${path}`] }),
  async tus({ ask }, path) {
    const { headers } = await ask(
      "/files/",
      "-X",
      "POST",
      "-H",
      "Tus-Resumable: 1.0.0",
      "-H",
      `Upload-Length: ${SIZE}`,
    );
    const args = ["-X", "PATCH", "-T", path, "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Offset: 0", "-H", "Expect:"];
    const type = ["-H", "Content-Type: application/offset+octet-stream"];
    return { to: headers.get("location")!, args: [...args, ...type] };
  },
  async ietf({ ask }, path) {
    const version = ["-H", QUESTIONS["ietf"]!.header];
    const { headers } = await ask("/files/", "-X", "POST", ...version, "-H", "Upload-Complete: ?0");
    const args = ["-X", "PATCH", "-T", path, ...version, "-H", "Upload-Offset: 0", "-H", "Expect:"];
    const whole = ["-H", "Content-Type: application/partial-upload", "-H", "Upload-Complete: ?1"];
    return { to: headers.get("location")!, args: [...args, ...whole] };
  },
  form: (_, path) =>
    Promise.resolve({ to: "/upload", args: ["-H", "Expect:", "-F", `file=@${path};headers="X-File-Id: form"`] }),
};

/** True when the unfinished file of each protocol has so many bytes. */
async function haveCome(data: string, bytes: number): Promise<boolean> {
  const entries = await Array.fromAsync(Deno.readDir(join(data, "incoming")));
  const sizes = await Promise.all(entries.map(({ name }) => Deno.stat(join(data, "incoming", name))));
  return sizes.filter(({ size }) => size >= bytes).length === Object.keys(PROTOCOLS).length;
}

for (const name of Object.keys(PROXIES) as ProxyName[]) {
  proxyTest(name, `behind ${name} with its recipe, a cut costs a body little, and it goes on from there`, async () => {
    await using site = await openSite(name);
    const { pawl, proxy, dir, ask } = site;
    const bytes = someBytes(SIZE);
    const path = join(dir, "film.bin");
    await Deno.writeFile(path, bytes);
    const cut: Fault = { kind: "cut", direction: "up", after: CUT_AFTER };
    // Pawl is slow on a busy machine. The proxy has no reason to keep anything back meanwhile.
    const beforeFault = () =>
      until(() => haveCome(pawl.data, CUT_AFTER - MAY_BE_LOST), "the proxy has passed bytes on");
    await using line = await startProxy({ to: proxy.port, plan: () => cut, beforeFault });
    await Promise.all(
      Object.entries(PROTOCOLS).map(async ([protocol, prepare]) => {
        const { to, args } = await prepare(site, path);
        const { code } = await curl(proxy.certificate.path, ...args, `https://localhost:${line.port}${to}`);
        assert(code !== 0, "The connection broke");
        const question = QUESTIONS[protocol];
        const told = question !== undefined
          ? await ask(to, "--head", "-H", question.header)
          : await ask("/status", "-H", `X-File-Id: ${protocol}`);
        const offset = Number(told.headers.get("upload-offset"));
        assertEquals([protocol, told.status, told.version], [protocol, question?.status ?? 200, "2"]);

        assert(offset <= CUT_AFTER && CUT_AFTER - offset <= MAY_BE_LOST, `${protocol}: ${offset} of ${CUT_AFTER}`);
        const rest = join(dir, `rest of ${protocol}`);
        await Deno.writeFile(rest, bytes.subarray(offset));
        const go = question !== undefined
          ? args.map((arg) => arg === path ? rest : arg === "Upload-Offset: 0" ? `Upload-Offset: ${offset}` : arg)
          : ["-H", `X-File-Id: ${protocol}`, "-H", `X-Start-Byte: ${offset}`, "--data-binary", `@${rest}`];
        const done = await ask(to, ...go);
        assertEquals([protocol, done.headers.get("upload-offset"), done.version], [protocol, String(SIZE), "2"]);
        const got = await ask(done.headers.get("location") ?? to, "-H", "Range: bytes=2097150-2097159");
        assertEquals([got.status, got.headers.get("content-range")], [206, `bytes 2097150-2097159/${SIZE}`]);
        assertEquals(Uint8Array.from(got.body, (letter) => letter.charCodeAt(0)), bytes.subarray(2097150, 2097160));
      }),
    );
    for (const file of await pawl.finishedNames()) assertEquals([file, await pawl.finished(file)], [file, bytes]);
    assertEquals((await pawl.finishedNames()).length, Object.keys(PROTOCOLS).length);
  });

  proxyTest(
    name,
    `behind ${name} with its recipe, a browser signs in over HTTPS, and is known by its address`,
    async () => {
      await using data = await tempDir();
      const token = await addTestToken(data.path, { name: "anna" });
      const clients: unknown[] = [];
      await using site = await openSite(name, {
        data: data.path,
        userHeader: "remote-user",
        accessLog: true,
        takeAccess: ({ properties }) => void clients.push(properties["client"]),
      });
      const { proxy, ask } = site;
      const lies = [
        "X-Forwarded-For: 203.0.113.9",
        "Forwarded: for=203.0.113.9;proto=http",
        "X-Forwarded-Proto: http",
        "Remote-User: mallory",
      ];
      const who = ["--interface", "127.0.0.3", "-H", `Origin: ${proxy.url}`, ...lies.flatMap((lie) => ["-H", lie])];
      const bearer = ["-H", `Authorization: Bearer ${token}`, "-H", "Content-Type: application/json"];
      const signedIn = await ask("/api/session", "-X", "POST", ...who, ...bearer);
      assertEquals(signedIn.status, 200, signedIn.body);
      const cookie = signedIn.headers.get("set-cookie") ?? "";
      assert(cookie.startsWith("__Host-pawl=") && cookie.endsWith("; Secure"), cookie);
      const known = await ask("/api/session", ...who, "-H", `Cookie: ${cookie.split(";")[0]}`);
      assertStringIncludes(known.body, '"name":"anna"');
      // With the cookie, a page of this site may change something. The proxy has passed its Host on.
      const sent = await ask(
        "/upload",
        ...who,
        "-H",
        `Cookie: ${cookie.split(";")[0]}`,
        "-H",
        "X-File-Id: a",
        "-d",
        "abc",
      );
      assertEquals([sent.status, sent.body], [200, "Success 3"]);
      assertEquals(clients, ["127.0.0.3", "127.0.0.3", "127.0.0.3"]);
    },
  );

  proxyTest(name, `behind ${name} with its recipe, a refusal comes through before the body has come`, async () => {
    await using data = await tempDir();
    const token = await addTestToken(data.path, { name: "anna" });
    await using site = await openSite(name, { data: data.path, maxBytes: MIB });
    // More than is drained of what comes from elsewhere.
    const path = join(site.dir, "large");
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, 32 * MIB);
    const send = ["-X", "POST", "-T", path, "-H", "X-File-Id: a", "-H", "Expect:"];
    const large = await site.ask("/upload", ...send, "-H", `Authorization: Bearer ${token}`);
    assertEquals([large.status, large.headers.get("x-error"), large.version], [413, "too-large", "2"]);
    const wrong = await site.ask("/upload", "--http1.1", ...send, "-H", `Authorization: Bearer ${token}x`);
    assertEquals([wrong.status, wrong.headers.get("x-error"), wrong.version], [401, "unauthorized", "1.1"]);
  });
}

Deno.test("each recipe of deploy/proxies is tested, but for Traefik's", async () => {
  const folder = new URL("../../deploy/proxies/", import.meta.url);
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const tested = Object.values(PROXIES).map(({ recipe }) => recipe);
  // Another test has the file for many instances (many_test.ts), and rolling updates behind it.
  assertEquals(files.sort(), [...tested, "nginx-many.conf", "traefik.yml"].sort());
});
