import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ConfigError, readConfig } from "../server/config/config.ts";
import { type Running, serve } from "../server/serve.ts";
import { checkHere, runHere, runToken } from "./support/commands.ts";
import { type MemoryLog, memoryLog } from "./support/log.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { bearer } from "./support/tokens.ts";
import { until } from "./support/until.ts";

const LINK = /^Sign in by this link, which is shown this once: http:\/\/localhost:\d+\/#token=(pawl_[\w-]{43})$/m;
const ID = { "X-File-Id": "a" };

async function statusOf({ url }: { readonly url: string }, headers: Record<string, string> = {}): Promise<number> {
  const { port } = new URL(url);
  const response = await fetch(`http://127.0.0.1:${port}/status`, { headers: { ...ID, ...headers } });
  await response.body?.cancel();
  return response.status;
}

/** Starts a server that other machines can reach. */
const startOutside = (data: string, args: string[] = [], env: Record<string, string> = {}) =>
  startPawl(data, { args: ["--host", "0.0.0.0", "--log-level", "debug", ...args], env });

/** A server in this process, which costs much less than one of its own, with the same options. */
async function startInside(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<AsyncDisposable & Pick<Running, "url" | "signInLink"> & { readonly log: MemoryLog }> {
  const all = ["--host", "0.0.0.0", "--port", "0", "--data", data, "--log-level", "debug", ...args];
  const config = readConfig(all, (name) => env[name]);
  const log = memoryLog();
  const running = await serve(config, { log, root: fromFileUrl(new URL("../", import.meta.url)), now: Date.now });
  return { ...running, log, [Symbol.asyncDispose]: async () => void await running.stop(100) };
}

Deno.test("the first start for other machines prints one link to sign in by, and later ones print none", async () => {
  await using dir = await tempDir();
  {
    await using first = await startOutside(dir.path);
    await until(() => LINK.test(first.output()), "the link is printed");
    const [, secret = ""] = LINK.exec(first.output()) ?? [];
    assertEquals([await statusOf(first), await statusOf(first, bearer(secret))], [401, 200]);
    assertEquals(first.output().split(secret).length, 2);
    assertMatch((await runToken(["list", "--data", dir.path])).printed, /^admin +admin +admin/m);
    await first.stop("SIGTERM");
  }
  await using second = await startOutside(dir.path);
  assertEquals(await statusOf(second), 401);
  assertEquals(second.output().includes("#token"), false);
});

Deno.test("a start that fails does not use up the link", async () => {
  await using dir = await tempDir();
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const port = String(taken.addr.port);
  const { code, stdout } = await runPawl(["--host", "0.0.0.0", "--port", port, "--data", dir.path]);
  assertEquals([code, stdout], [1, ""]);
  await using pawl = await startInside(dir.path);
  assertMatch(pawl.signInLink ?? "", /#token=pawl_/);
});

Deno.test("with --open anybody may, and there is no link", async () => {
  await using dir = await tempDir();
  await using pawl = await startInside(dir.path, ["--open"]);
  assertEquals([await statusOf(pawl), pawl.signInLink], [200, undefined]);
});

Deno.test("tokens are added and removed while the server runs", async () => {
  await using dir = await tempDir();
  await using pawl = await startOutside(dir.path, ["--public-url", "https://up.example/files-here"]);
  await until(() => pawl.output().includes("https://up.example/files-here/#token=pawl_"), "the link is printed");
  const secret = (await runToken(["add", "anna", "--data", dir.path])).printed;
  const anna = bearer(secret);
  assertEquals(await statusOf(pawl, anna), 200);
  await until(async () => {
    const { printed } = await runToken(["list"], { PAWL_DATA: dir.path });
    return /^anna .*Z$/m.test(printed);
  }, "the use of the token is recorded");
  const removed = await runToken(["remove", "anna", "--data", dir.path]);
  assertEquals(removed.told, "Removed the token anna.");
  await until(async () => await statusOf(pawl, anna) === 401, "the token is out");
  assertEquals(pawl.output().includes(secret), false);
});

Deno.test("a fixed token comes from the environment or from a file, and is never logged", async () => {
  await using dir = await tempDir();
  const fixed = "correct-horse-battery-staple";
  const file = join(dir.path, "secret");
  await Deno.writeTextFile(file, `${fixed}\n`);
  for (const env of [{ PAWL_TOKEN: fixed }, { PAWL_TOKEN_FILE: file }]) {
    await using pawl = await startInside(join(dir.path, "data"), [], env);
    assertEquals([await statusOf(pawl), await statusOf(pawl, bearer("another")), await statusOf(pawl, bearer(fixed))], [
      401,
      401,
      200,
    ]);
    assertEquals([pawl.signInLink, pawl.log.lines.filter((line) => line.includes(fixed))], [undefined, []]);
  }
});

Deno.test("what cannot be meant is refused in one line that shows no secret", async () => {
  await using dir = await tempDir();
  const [empty, data] = [join(dir.path, "empty"), join(dir.path, "data")];
  await Deno.writeTextFile(empty, "\n");
  const long = "x".repeat(30);
  const table: [args: string[], env: Record<string, string>, line: RegExp][] = [
    [["--user-header", "Remote-User"], {}, /--user-header needs --trust-proxy/],
    [["--user-header", "Remote-User", "--trust-proxy", "::1", "--open"], {}, /--open lets anybody in/],
    [["--user-header", "Remote_User", "--trust-proxy", "::1"], {}, /--user-header cannot be "Remote_User"/],
    [["--user-header", "Authorization", "--trust-proxy", "::1"], {}, /--user-header cannot be/],
    [["--trust-proxy", "*"], {}, /--trust-proxy cannot be \*/],
    [["--trust-proxy", "10.0.0.0/40"], {}, /--trust-proxy cannot be "10.0.0.0\/40"/],
    [[], { PAWL_TOKEN: "xxx" }, /PAWL_TOKEN must be a token of at least 22 characters/],
    [[], { PAWL_TOKEN: long, PAWL_TOKEN_FILE: empty }, /both give a token/],
    [["--token", long], {}, /--token is a secret, which others could see on the command line/],
    [["token", "add"], {}, /Say token add NAME/],
    [["token", "remove", "x", "--data", join(dir.path, "none")], {}, /There is no Pawl in/],
  ];
  for (const [args, env, line] of table) {
    const { message } = await assertRejects(
      async () => args[0] === "token" ? await runToken(args.slice(1), env) : readConfig(args, (name) => env[name]),
      ConfigError,
    );
    assertMatch(message, line);
    assertEquals([args, message.includes("\n"), message.includes("xxx")], [args, false, false]);
  }
  // The process prints that line and no other; a file with a token is read when it starts.
  const start = ["--port", "0", "--data", data];
  const printed: typeof table = [
    table[0]!,
    table.at(-1)!,
    [[...start, "--token-file", empty], {}, /must hold a token/],
  ];
  const missing = await checkHere([...start, "--token-file", join(dir.path, "missing"), "--check-config"]);
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertMatch(missing.stderr, /^[^\n]*must hold a token[^\n]*\n$/);
  await Promise.all(printed.map(async ([args, env, line]) => {
    const { code, stdout, stderr } = await runPawl(args, env);
    assertEquals([args, code, stdout], [args, 1, ""]);
    assertMatch(stderr, line);
    assertEquals([stderr.trimEnd().split("\n").length, stderr.includes("xxx")], [1, false]);
  }));
});

Deno.test("token --help tells of each command", async () => {
  const { code, stdout } = await runHere(["token", "--help"]);
  assertEquals(code, 0);
  for (const text of ["token add NAME", "token list", "token remove NAME", "--max-size", "--expires"]) {
    assertStringIncludes(stdout, text);
  }
});
