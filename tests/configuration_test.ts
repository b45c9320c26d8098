import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { checkHere, runHere } from "./support/commands.ts";
import { untilReceived } from "./support/incoming.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { connect, postHead } from "./support/raw.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

/** A folder with a configuration file, which a test writes. */
async function openFolder() {
  const dir = await tempDir();
  const file = join(dir.path, "pawl.json");
  return {
    data: join(dir.path, "data"),
    file,
    write: (content: unknown) => Deno.writeTextFile(file, JSON.stringify(content)),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("--check-config says that the options are right, and starts nothing", async () => {
  await using folder = await openFolder();
  await folder.write({ data: folder.data, "max-size": "20GiB" });
  const env = { PAWL_CONFIG: folder.file, PAWL_SERVICE_HOST: "10.0.0.1" };
  const { code, stdout, stderr } = await runPawl(["--check-config"], env);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^The options are right\n/);
  assertStringIncludes(stdout, "PAWL_SERVICE_HOST is not an option of Pawl, and is ignored\n");
  assertEquals(await Deno.stat(folder.data).catch(() => undefined), undefined);
});

Deno.test("--check-config, and a start, end with code 1 and one line for what is wrong, wherever it stands", async () => {
  await using folder = await openFolder();
  await folder.write({ "max-siz": "20GiB" });
  const none = join(folder.data, "none");
  const cases: [string[], Record<string, string>, RegExp][] = [
    [["--config", folder.file], {}, /^Unknown option "max-siz" in .*pawl\.json: did you mean "max-size"\?$/],
    [["--config", none], {}, /^Cannot read the file of --config, .*: it is not there$/],
    [[], { PAWL_CONFIG: "" }, /^--config and PAWL_CONFIG cannot be empty/],
    [[], { PAWL_MAX_SIZ: "1" }, /^Unknown variable PAWL_MAX_SIZ: did you mean PAWL_MAX_SIZE\?$/],
    [["--log-level=warn"], {}, /; did you mean warning\?$/],
    [["--token-file", none], {}, /^The file of --token-file, .*, must hold a token/],
  ];
  const check = async (run: typeof runPawl, args: string[], env: Record<string, string>, line: RegExp) => {
    const { code, stdout, stderr } = await run(args, env);
    assertEquals([args, code, stdout], [args, 1, ""]);
    assertMatch(stderr.trimEnd(), line);
  };
  for (const [args, env, line] of cases) await check(checkHere, [...args, "--check-config"], env, line);
  const [args, env, line] = cases[0]!;
  await check(runPawl, [...args, "--check-config"], env, line);
  await check(runPawl, [...args, "--port=0", `--data=${folder.data}`], env, line);
});

Deno.test("a secret can stand in a file that its variable with _FILE names", async () => {
  await using folder = await openFolder();
  const secret = `whsec_${btoa("x".repeat(24))}`;
  const run = async (content: string, env: Record<string, string> = {}) => {
    await Deno.writeTextFile(folder.file, content);
    const { code, stdout, stderr } = await checkHere(["--webhook=https://hooks.example/", "--check-config"], {
      PAWL_WEBHOOK_SECRET_FILE: folder.file,
      ...env,
    });
    return [code, `${stdout}${stderr}`.split("\n", 1)[0]];
  };
  assertEquals(await run(`${secret}\n`), [0, "The options are right"]);
  assertEquals(await run("wrong"), [1, "PAWL_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64"]);
  const both = "PAWL_WEBHOOK_SECRET and PAWL_WEBHOOK_SECRET_FILE both give the secret: give one of them";
  assertEquals(await run(secret, { PAWL_WEBHOOK_SECRET: secret }), [1, both]);
  const none = join(folder.data, "none");
  assertEquals(await run("", { PAWL_WEBHOOK_SECRET_FILE: none }), [
    1,
    `Cannot read the file of PAWL_WEBHOOK_SECRET_FILE, ${none}`,
  ]);
});

Deno.test("the commands find the data folder in the file of PAWL_CONFIG", async () => {
  await using folder = await openFolder();
  await folder.write({ data: folder.data });
  const env = { PAWL_CONFIG: folder.file };
  assertEquals((await runHere(["token", "add", "anna"], env)).code, 0);
  assertMatch((await runPawl(["token", "list"], env)).stdout, /anna/);
  assertEquals(await Deno.stat(folder.data).then(({ isDirectory }) => isDirectory), true);
});

Deno.test("SIGHUP takes over what can change, tells what needs a restart, and interrupts no upload", async () => {
  await using folder = await openFolder();
  await folder.write({ "max-size": "1MB" });
  await using pawl = await startPawl(folder.data, { args: ["--config", folder.file] });
  const bytes = someBytes(300_000);
  using connection = await connect(pawl.port);
  await connection.send(postHead("a", { "Content-Length": bytes.length }));
  await connection.send(bytes.subarray(0, 100_000));
  await untilReceived(folder.data, 100_000);

  const hangUp = async (line: string) => {
    pawl.signal("SIGHUP");
    await until(() => pawl.output().includes(line), `the log has ${line}`);
  };
  await folder.write({ "max-size": "200KB", "durability": "relaxed", "log-level": "debug" });
  await hangUp('Option "max-size" is "200KB" now, and was "1MB"');
  await hangUp('Option "durability" has changed: that needs a restart');
  await hangUp('Option "log-level" is "debug" now, and was "info"');
  const send = async (id: string) => {
    const response = await fetch(`${pawl.url}/upload`, { method: "POST", headers: { "X-File-Id": id }, body: bytes });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await send("b"), 413);
  await until(() => /\[DEBUG\] pawl: "POST" .*\/upload/.test(pawl.output()), "the log tells of a request");

  await Deno.writeTextFile(folder.file, `{"max-size": "1MB",}`);
  await hangUp("[ERROR] pawl: Cannot take the options over, so all stay as they were:");
  assertEquals(await send("c"), 413);

  await connection.send(bytes.subarray(100_000));
  assertEquals((await connection.answer()).body, "Success 300000");
  assertEquals(await Deno.readFile(join(folder.data, "files", "a")), bytes);
  assertEquals(await pawl.stop("SIGTERM"), 0);
});

Deno.test("SIGHUP without a file changes nothing, and the server goes on", async () => {
  await using folder = await openFolder();
  await using pawl = await startPawl(folder.data);
  pawl.signal("SIGHUP");
  await until(() => pawl.output().includes("Read the options again: nothing has changed"), "it has read the options");
  assert((await fetch(pawl.url).then((page) => page.text())).includes("Pawl"));
});

Deno.test("a configuration file needs the permission to read it, and is asked for by name", async () => {
  await using folder = await openFolder();
  await folder.write({});
  const { code, stderr } = await runPawl(["--config", folder.file], {}, ["--allow-env=PAWL_*"]);
  assertEquals([code, stderr], [1, `Pawl cannot start without --allow-read=${folder.file}: give that to deno run\n`]);
});
