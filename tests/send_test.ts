import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl, join } from "@std/path";
import { runPawl } from "./support/process.ts";
import { runSend } from "./support/sending.ts";
import { startProxy, type TcpProxy } from "./support/tcp_proxy.ts";
import { tempDir } from "./support/temp_dir.ts";
import { startSite, type TestSite } from "./support/test_site.ts";

const MAIN = fromFileUrl(new URL("../main.ts", import.meta.url));

/** How `send` is started as a process of its own. */
interface Started {
  readonly folder: string;
  readonly args: readonly string[];
  readonly stdin?: "null" | "piped";
}

function started({ folder, args, stdin = "null" }: Started): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "send", ...args],
    env: { XDG_CACHE_HOME: join(folder, "cache"), DENO_DIR: denoDir(), NO_COLOR: "1" },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The folder of Deno's packages: without this Deno would look for them in the cache folder of the test. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ??
    join(Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME")!, ".cache"), "deno");
}

/** A server behind a line whose first connection stands still after some bytes. */
async function stillLine(site: TestSite): Promise<TcpProxy> {
  let connections = 0;
  return await startProxy({
    to: site.pawl.port,
    plan: () => ++connections === 1 ? { kind: "stall", direction: "up", after: 1_500_000 } : undefined,
  });
}

/** Starts `send --json`, and sends it a signal as soon as some bytes are safe. Gives its exit code and its last lines. */
async function endedBy(
  signal: Deno.Signal,
  options: Started,
): Promise<{ code: number; events: { [key: string]: unknown }[] }> {
  await using child = started(options);
  const errors = new Response(child.stderr).text();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    const before = text;
    text += part;
    const isSafe = (all: string) => /"confirmed":[1-9]/.test(all);
    if (isSafe(text) && !isSafe(before)) child.kill(signal);
  }
  const { code } = await child.status;
  await errors;
  return { code, events: text.trim().split("\n").map((line) => JSON.parse(line)) };
}

for (const [signal, exit] of [["SIGKILL", 137], ["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`send goes on from the safe byte after ${signal}`, async () => {
    await using site = await startSite();
    await using proxy = await stillLine(site);
    const path = await site.write("film.mkv", 4_000_000);
    const url = `http://127.0.0.1:${proxy.port}`;
    const first = await endedBy(signal, { folder: site.folder, args: ["--json", path, url] });
    assertEquals(first.code, exit);
    if (signal !== "SIGKILL") {
      assertEquals(first.events.at(-1), { event: "end", files: 1, done: 0, failed: 0, code: exit });
    }
    assertEquals(await site.unfinished(), 1);
    const again = await runSend(site.folder, ["--json", path, url]);
    const sending = again.events().find(({ state }) => state === "sending");
    assert(sending.confirmed > 0, `It began anew: ${again.printed.join()}`);
    assertEquals([again.code, await site.isWhole("film.mkv", path), await site.unfinished()], [0, true, 0]);
  });
}

Deno.test("send ends when its stream fails, although standard input stays open", async () => {
  await using dir = await tempDir();
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    await request.bytes();
    if (new URL(request.url).pathname === "/api/limits") return Response.json({ deferLength: true });
    return new Response("full", { status: 507 });
  });
  const args = ["--name", "log", "-", `http://127.0.0.1:${server.addr.port}`];
  await using child = started({ folder: dir.path, args, stdin: "piped" });
  const [errors, output] = [new Response(child.stderr).text(), new Response(child.stdout).text()];
  const input = child.stdin.getWriter();
  const late = new AbortController();
  try {
    // The first piece goes when a byte has come behind it.
    await input.write(new Uint8Array(8 * 2 ** 20 + 1));
    const status = await Promise.race([child.status, delay(20_000, { signal: late.signal })]);
    assertEquals(status?.code, 1);
    assertMatch(await errors, /^log: The disk of the server is full/m);
  } finally {
    late.abort();
    await input.close().catch(() => {});
    await Promise.all([errors, output]);
  }
});

Deno.test("the token of the own server, in the file of PAWL_CONFIG, goes to no other server", async () => {
  await using dir = await tempDir();
  const tokens: (string | null)[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    tokens.push(request.headers.get("authorization"));
    return new Response("no", { status: 401 });
  });
  const [config, path] = [join(dir.path, "pawl.json"), join(dir.path, "a")];
  await Deno.writeTextFile(config, JSON.stringify({ token: "own-token-of-the-own-server" }));
  await Deno.writeTextFile(path, "abc");
  const env = { PAWL_CONFIG: config, HOME: dir.path, XDG_CACHE_HOME: join(dir.path, "cache"), DENO_DIR: denoDir() };
  const url = `http://127.0.0.1:${server.addr.port}`;
  for (const [args, code] of [[["send", path, url], 1], [["doctor", "--quick", url], 2]] as const) {
    assertEquals((await runPawl([...args], env)).code, code);
    assertEquals([tokens.length > 0, tokens.filter((token) => token !== null)], [true, []]);
    await runPawl([...args], { ...env, PAWL_TOKEN: "mine" });
    assertEquals(tokens.at(-1), "Bearer mine");
    tokens.length = 0;
  }
});

/** The program that gives another one a terminal, of util-linux. */
const SCRIPT = "/usr/bin/script";
const lacksScript = { ignore: !await Deno.stat(SCRIPT).then(() => true, () => false) };

Deno.test(
  "at a terminal there are bars, in its width, and a hostile name does nothing to it",
  lacksScript,
  async () => {
    await using site = await startSite();
    await site.write("many/ev\x1b[31mil\x07\u202e旅行.bin", 3_000_000);
    await site.write("many/b.bin", 2_000_000);
    // Deno itself draws a bar when a module takes long to load: `--quiet` leaves that out.
    const send = `'${Deno.execPath()}' run --quiet -A --no-check '${MAIN}' send many ${site.pawl.url}`;
    const command = `stty cols 60 rows 20; exec ${send}`;
    const { code, stdout } = await new Deno.Command(SCRIPT, {
      args: ["-qec", command, "/dev/null"],
      cwd: site.folder,
      env: { XDG_CACHE_HOME: join(site.folder, "cache"), DENO_DIR: denoDir(), TERM: "xterm", NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, text);
    assertStringIncludes(text, "Sending 2 files, 5.0 MB");
    assertStringIncludes(text, "All 2 files are on the server");
    assertMatch(text, /[█▒░]{5}/);
    assertMatch(text, /many\/ev�\[31mil��旅行\.bin {2}http/);
    // Only the bar itself moves the cursor.
    const after = text.slice(text.indexOf("Sending"));
    assertEquals(after.split("\x1b").slice(1).filter((part) => !/^\[(?:\d+A|J|K)/.test(part)), []);
    assertEquals([text.includes("\x07"), text.includes("\u202e")], [false, false]);
  },
);

Deno.test("send needs no more than to read, to use the network, and its environment", async () => {
  await using site = await startSite({ tokens: [{ name: "anna" }] });
  const path = await site.write("a", 3_000_000);
  const env = { PAWL_TOKEN: site.secrets["anna"]!, HOME: site.folder, DENO_DIR: denoDir() };
  const permissions = ["--allow-net", "--allow-read", "--allow-env"];
  const { code, stderr } = await runPawl(["send", path, site.pawl.url], env, permissions);
  assertEquals([code, await site.isWhole("a", path)], [0, true], stderr);
  const none = await runPawl(["send", path, site.pawl.url], env, ["--allow-env=PAWL_*", "--allow-read"]);
  assertEquals([none.code, none.stderr], [1, "Deno may not use the network: give --allow-net to deno run\n"]);
});

Deno.test("send --help tells its options, and a wrong command line ends with 2", async () => {
  const help = await runSend("/nowhere", ["--help"]);
  assertEquals(help.code, 0);
  for (const option of ["--name", "--into", "--token-file", "--ca", "--jobs", "--tries", "--json", "130"]) {
    assertStringIncludes(help.printed.join("\n"), option);
  }
  const wrong = await runSend("/nowhere", ["a"]);
  assertEquals([wrong.code, wrong.printed, wrong.told.length], [2, [], 1]);
});
