import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { startServer } from "./support/pawl.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const root = fromFileUrl(new URL("../", import.meta.url));
const file = someBytes(3_000_000);

/** The narrowest permissions that README.md names, for this data folder, with the name of each. */
function narrow(data: string, port: number): Record<string, string[]> {
  return {
    net: [`--allow-net=127.0.0.1:${port}`],
    static: [`--allow-read=${root}static`],
    client: [`--allow-read=${root}client`],
    data: [`--allow-read=${data}`],
    write: [`--allow-write=${data}`],
    env: ["--allow-env=PAWL_*"],
    sys: ["--allow-sys=statfs"],
  };
}

Deno.test("the narrowest permissions are enough for a page, an upload, its restart, its file and its removal", async () => {
  await using dir = await tempDir();
  const permissions = Object.values(narrow(dir.path, 0)).flat();
  const headers = { "X-File-Id": "a", "X-File-Size": String(file.length) };
  const upload = (url: string, headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) =>
    fetch(`${url}/upload`, { method: "POST", headers, body });
  const assertFileGoes = async (base: string, rest: Response) => {
    assertEquals(await rest.text(), "Success 3000000");
    const url = base + rest.headers.get("location");
    assertEquals(await (await fetch(url)).bytes(), file);
    assertEquals((await fetched(url, { method: "DELETE" })).status, 204);
    assertEquals((await fetched(url)).status, 410);
  };
  {
    await using first = await startPawl(dir.path, { permissions, args: ["--durability", "relaxed"] });
    for (const path of ["/", "/client/page/main.ts"]) assertEquals((await fetched(first.url + path)).status, 200);
    assertEquals(await (await upload(first.url, headers, file.slice(0, 2_000_000))).text(), "2000000");
    await assertFileGoes(first.url, await upload(first.url, { "X-File-Id": "whole" }, file));
    assertEquals(await first.stop("SIGTERM"), 0);
    assertEquals(first.output().split("\n").filter((line) => /WARN|ERR/.test(line)), []);
  }
  await using second = await startPawl(dir.path, { permissions, args: ["--durability", "durable"] });
  assertEquals((await fetched(`${second.url}/status`, { headers })).text, "2000000");
  const begun = { ...headers, "X-File-Id": "begun here" };
  assertEquals(await (await upload(second.url, begun, file.slice(0, 1_000_000))).text(), "1000000");
  const rest = await upload(second.url, { ...headers, "X-Start-Byte": "2000000" }, file.slice(2_000_000));
  await assertFileGoes(second.url, rest);
  assertEquals(await second.stop("SIGTERM"), 0);
  assertEquals(second.output().split("\n").filter((line) => /WARN|ERR/.test(line)), []);
});

Deno.test("a server that lacks permissions is refused at its start, with the options that give them, and no others", async () => {
  await using dir = await tempDir();
  const all = narrow(dir.path, 0);
  await Promise.all(
    // Without the permission for its variables a server cannot even read which others it needs.
    [["env"], ["net", "static", "data"], ["client", "write", "sys"]].map(async (lacking) => {
      const permissions = Object.entries(all).flatMap(([name, flags]) => lacking.includes(name) ? [] : flags);
      const { code, stdout, stderr } = await runPawl(["--port", "0", "--data", dir.path], {}, permissions);
      assertEquals([lacking, code, stdout], [lacking, 1, ""]);
      const [, listed = ""] = /^Pawl cannot start without (.*): give that/.exec(stderr.replaceAll("'", "")) ?? [];
      assertEquals(listed.split(" ").sort(), lacking.flatMap((name) => all[name]!).sort(), stderr);
      assertEquals(stderr.trimEnd().split("\n").length, 1);
    }),
  );
});

Deno.test("a file with a token is one more that must be readable", async () => {
  await using dir = await tempDir();
  await using outside = await tempDir();
  const file = join(outside.path, "secret");
  await Deno.writeTextFile(file, "a-token-of-many-characters");
  const permissions = Object.values(narrow(dir.path, 0)).flat();
  const args = ["--port", "0", "--data", dir.path, "--token-file", file];
  const { code, stderr } = await runPawl(args, {}, permissions);
  assertEquals(code, 1);
  assertStringIncludes(stderr, `Pawl cannot start without --allow-read=${file}:`);
  await using pawl = await startPawl(dir.path, {
    args: ["--token-file", file],
    permissions: [...permissions, `--allow-read=${file}`],
  });
  const headers = { "X-File-Id": "a", "Authorization": "Bearer a-token-of-many-characters" };
  assertEquals((await fetched(`${pawl.url}/status`, { headers })).status, 200);
});

Deno.test("list, verify, gc and backup need the data folder, the folder of the backup, and the environment, and no more", async () => {
  await using dir = await tempDir();
  await using to = await tempDir();
  await using server = await startServer({ data: dir.path });
  await fetched(`${server.url}upload`, { method: "POST", headers: { "X-File-Id": "a" }, body: file });
  const permissions = ["--allow-env=PAWL_*", `--allow-read=${dir.path}`, `--allow-write=${dir.path}`];
  const backup = join(to.path, "today");
  const folders = [`--allow-read=${dir.path},${backup}`, `--allow-write=${dir.path},${backup}`];
  const run = (args: string[], given: string[]) => runPawl([...args, "--data", dir.path], {}, given);
  const results = [
    await run(["list"], permissions),
    await run(["verify", "--repair"], permissions),
    await run(["gc", "--remove"], permissions),
    await run(["backup", backup], ["--allow-env=PAWL_*", ...folders]),
  ];
  assertEquals(results.map(({ code, stderr }) => [code, stderr]), results.map(() => [0, ""]));
  assertEquals(await Deno.readFile(join(backup, "files", "a")), file);
  const { code, stderr } = await run(["verify"], [permissions[0]!, permissions[1]!]);
  assertEquals([code, stderr.trimEnd().split("\n").length], [1, 1]);
  assertStringIncludes(stderr, "Pawl cannot go on with verify: Requires write access");
});

Deno.test("a second port is one more address to listen on, and health and metrics need no other permission", async () => {
  await using dir = await tempDir();
  const permissions = Object.values(narrow(dir.path, 0)).flat();
  const args = ["--admin-port", "127.0.0.2:0"];
  const { code, stderr } = await runPawl(["--port", "0", "--data", dir.path, ...args], {}, permissions);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Pawl cannot start without --allow-net=127.0.0.2:0:");
  await using pawl = await startPawl(dir.path, {
    args,
    permissions: [...permissions, "--allow-net=127.0.0.1:0,127.0.0.2:0"],
  });
  const address = /Its health and metrics are at (\S+)\n/;
  await until(() => address.test(pawl.output()), "the second address is printed");
  const [, admin = ""] = address.exec(pawl.output()) ?? [];
  for (const path of ["healthz", "readyz"]) assertEquals((await fetched(admin + path)).status, 200);
  const { status, text } = await fetched(`${admin}metrics`);
  assertEquals(status, 200);
  for (const name of ["pawl_ready 1", "process_cpu_seconds_total ", "process_resident_memory_bytes "]) {
    assertStringIncludes(text, `\n${name}`);
  }
});

async function fetched(url: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}
