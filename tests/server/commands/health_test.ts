import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { HEALTH_HELP, parseHealthCommand, runHealthCommand } from "../../../server/commands/health.ts";
import { ConfigError } from "../../../server/config/config_error.ts";
import { startHttps } from "../../support/https.ts";
import { needsAll } from "../../support/needs_all.ts";
import { startServer } from "../../support/pawl.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function run(args: string[], variables: Record<string, string> = {}) {
  const [printed, told]: [string[], string[]] = [[], []];
  const code = await runHealthCommand(args, (name) => variables[name], {
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
  });
  return { code, printed, told };
}

Deno.test("health gives 0 for a server that takes uploads, and 1 with the reason for one that does not", async () => {
  await using server = await startServer();
  const url = `http://127.0.0.1:${server.port}`;
  const good = { code: 0, printed: [`${url} is well`], told: [] };
  assertEquals(await run([], { PAWL_PORT: String(server.port) }), good);
  assertEquals(await run([], { PAWL_PORT: String(server.port), PAWL_HOST: "0.0.0.0" }), good);
  assertEquals(await run([url]), good);
  assertEquals(await run(["--alive", `${url}/`]), good);
  await using full = await startServer({ minFreeBytes: Number.MAX_SAFE_INTEGER });
  const its = `http://127.0.0.1:${full.port}`;
  assertEquals(await run([its]), { code: 1, printed: [], told: [`${its} takes no uploads: disk-full`] });
  assertEquals((await run([its, "--alive"])).code, 0);
});

Deno.test("health gives 1 and one line for what is no Pawl, or does not answer", async () => {
  const other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("", { status: 404 }),
  );
  const url = `http://127.0.0.1:${other.addr.port}`;
  assertEquals(await run([url]), { code: 1, printed: [], told: [`${url} answers with status 404`] });
  await other.shutdown();
  const { code, told } = await run([url]);
  assertEquals([code, told.length], [1, 1]);
  assertStringIncludes(told[0]!, `${url} does not answer: `);
});

Deno.test("health takes the 200 of something else for no Pawl", async () => {
  for (const text of ["", "<html>ready</html>"]) {
    await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response(text));
    const url = `http://127.0.0.1:${other.addr.port}`;
    for (const args of [[url], [url, "--alive"]]) {
      assertEquals(await run(args), { code: 1, printed: [], told: [`${url} is no Pawl: something else answers`] });
    }
  }
});

Deno.test("health asks the address that the server of this machine listens on, unless it is given one", () => {
  const urlOf = (args: string[], variables: Record<string, string> = {}) => {
    const question = parseHealthCommand(args, (name) => variables[name]);
    return question === "help" ? question : [question.url.href, question.isOwn];
  };
  assertEquals(urlOf([]), ["http://127.0.0.1:8080/readyz", true]);
  assertEquals(urlOf([], { PAWL_HOST: "::" }), ["http://[::1]:8080/readyz", true]);
  assertEquals(urlOf([], { PAWL_HOST: "10.0.0.7", PAWL_PORT: "81" }), ["http://10.0.0.7:81/readyz", true]);
  const below = { PAWL_BASE_PATH: "/in", PAWL_CERT: "cert.pem", PAWL_KEY: "key.pem" };
  assertEquals(urlOf([], below), ["https://127.0.0.1:8080/in/readyz", true]);
  assertEquals(urlOf([], { PAWL_BASE_PATH: "none", PAWL_CERT: "none" }), ["http://127.0.0.1:8080/readyz", true]);
  assertEquals(urlOf(["https://up.example/pawl/", "--alive"]), ["https://up.example/pawl/healthz", false]);
  assertEquals(urlOf(["--help"]), "help");
  for (const args of [["ftp://a"], ["a b"], ["http://a", "http://b"], ["--alvie"]]) {
    assertThrows(() => urlOf(args), ConfigError, "");
  }
});

Deno.test("health asks by the unix socket that the server listens on, and below its base path", needsAll, async () => {
  await using dir = await tempDir();
  const unixSocket = join(dir.path, "p.sock");
  const variables = { PAWL_UNIX_SOCKET: unixSocket, PAWL_BASE_PATH: "/in" };
  {
    await using _server = await startServer({ unixSocket, basePath: "/in" });
    assertEquals(await run([], variables), { code: 0, printed: [`unix:${unixSocket} is well`], told: [] });
  }
  const { code, told } = await run([], variables);
  assertEquals([code, told[0]!.startsWith(`unix:${unixSocket} does not answer: `)], [1, true]);
});

Deno.test("health asks a server with a certificate over HTTPS", needsAll, async () => {
  await using site = await startHttps({ basePath: "/in" });
  const { server } = site;
  const variables = { PAWL_PORT: String(server.port), PAWL_CERT: "cert.pem", PAWL_BASE_PATH: "/in" };
  const good = { code: 0, printed: [`https://127.0.0.1:${server.port} is well`], told: [] };
  assertEquals(await run([], variables), good);
});

Deno.test("health --help says what it does, and a wrong address is told in one line", async () => {
  assertEquals(await run(["--help"]), { code: 0, printed: [HEALTH_HELP], told: [] });
  await assertRejects(() => run(["nonsense"]), ConfigError, `Cannot ask "nonsense": give an address such as`);
});
