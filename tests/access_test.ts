import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type PawlProcess, runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { bearer } from "./support/tokens.ts";
import { until } from "./support/until.ts";

const LINK = /^Sign in by this link, which is shown this once: http:\/\/localhost:\d+\/#token=(pawl_[\w-]{43})$/m;
const ID = { "X-File-Id": "a" };

async function statusOf(pawl: PawlProcess, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${pawl.port}/status`, { headers: { ...ID, ...headers } });
  await response.body?.cancel();
  return response.status;
}

/** Starts a server that other machines can reach. */
const startOutside = (data: string, args: string[] = [], env: Record<string, string> = {}) =>
  startPawl(data, { args: ["--host", "0.0.0.0", "--log-level", "debug", ...args], env });

Deno.test("the first start for other machines prints one link to sign in by, and later ones print none", async () => {
  await using dir = await tempDir();
  {
    await using first = await startOutside(dir.path);
    await until(() => LINK.test(first.output()), "the link is printed");
    const [, secret = ""] = LINK.exec(first.output()) ?? [];
    assertEquals([await statusOf(first), await statusOf(first, bearer(secret))], [401, 200]);
    assertEquals(first.output().split(secret).length, 2);
    const { stdout } = await runPawl(["token", "list", "--data", dir.path]);
    assertMatch(stdout, /^admin +admin +admin/m);
    await first.stop("SIGTERM");
  }
  await using second = await startOutside(dir.path);
  assertEquals(await statusOf(second), 401);
  assertEquals(second.output().includes("#token"), false);
});

Deno.test("a start that fails does not use up the link", async () => {
  await using dir = await tempDir();
  await using taken = await startPawl(join(dir.path, "a"), { args: ["--host", "0.0.0.0", "--open"] });
  const data = join(dir.path, "b");
  const { code, stdout } = await runPawl(["--host", "0.0.0.0", "--port", String(taken.port), "--data", data]);
  assertEquals([code, stdout], [1, ""]);
  await using pawl = await startOutside(data);
  await until(() => LINK.test(pawl.output()), "the link is printed");
});

Deno.test("with --open anybody may, and no link is printed", async () => {
  await using dir = await tempDir();
  await using pawl = await startOutside(dir.path, ["--open"]);
  assertEquals(await statusOf(pawl), 200);
  assertEquals(pawl.output().includes("#token"), false);
});

Deno.test("tokens are added and removed while the server runs", async () => {
  await using dir = await tempDir();
  await using pawl = await startOutside(dir.path, ["--public-url", "https://up.example/files-here"]);
  await until(() => pawl.output().includes("https://up.example/files-here/#token=pawl_"), "the link is printed");
  const { code, stdout } = await runPawl(["token", "add", "anna", "--data", dir.path]);
  const anna = bearer(stdout.trim());
  assertEquals([code, await statusOf(pawl, anna)], [0, 200]);
  await until(async () => {
    const { stdout } = await runPawl(["token", "list"], { PAWL_DATA: dir.path });
    return /^anna .*Z$/m.test(stdout);
  }, "the use of the token is recorded");
  const removed = await runPawl(["token", "remove", "anna", "--data", dir.path]);
  assertEquals([removed.code, removed.stderr], [0, "Removed the token anna.\n"]);
  await until(async () => await statusOf(pawl, anna) === 401, "the token is out");
  assertEquals(pawl.output().includes(stdout.trim()), false);
});

Deno.test("a fixed token comes from the environment or from a file, and is never shown", async () => {
  await using dir = await tempDir();
  const fixed = "correct-horse-battery-staple";
  const file = join(dir.path, "secret");
  await Deno.writeTextFile(file, `${fixed}\n`);
  for (const env of [{ PAWL_TOKEN: fixed }, { PAWL_TOKEN_FILE: file }]) {
    await using pawl = await startOutside(join(dir.path, "data"), [], env);
    assertEquals([await statusOf(pawl), await statusOf(pawl, bearer("another")), await statusOf(pawl, bearer(fixed))], [
      401,
      401,
      200,
    ]);
    assertEquals(["#token", fixed].filter((text) => pawl.output().includes(text)), []);
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
    [["--token-file", empty], {}, /must hold a token/],
    [["--token-file", join(dir.path, "missing")], {}, /must hold a token/],
    [["--token", long], {}, /--token is a secret, which others could see on the command line/],
    [["token", "add"], {}, /Say token add NAME/],
    [["token", "remove", "x", "--data", join(dir.path, "none")], {}, /There is no Pawl in/],
  ];
  await Promise.all(table.map(async ([args, env, line]) => {
    const isToken = args[0] === "token";
    const { code, stdout, stderr } = await runPawl(isToken ? args : ["--port", "0", "--data", data, ...args], env);
    assertEquals([args, code, stdout], [args, 1, ""]);
    assertMatch(stderr, line);
    assertEquals([stderr.trimEnd().split("\n").length, stderr.includes("xxx")], [1, false]);
  }));
});

Deno.test("token --help tells of each command", async () => {
  const { code, stdout } = await runPawl(["token", "--help"]);
  assertEquals(code, 0);
  for (const text of ["token add NAME", "token list", "token remove NAME", "--max-size", "--expires"]) {
    assertStringIncludes(stdout, text);
  }
  assert((await runPawl(["--help"])).stdout.includes("main.ts token --help"));
});
