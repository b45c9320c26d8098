import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";

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
  for (const durability of ["durable", "relaxed"]) {
    await using dir = await tempDir();
    const permissions = Object.values(narrow(dir.path, 0)).flat();
    const args = ["--durability", durability];
    const headers = { "X-File-Id": "a", "X-File-Size": String(file.length) };
    {
      await using first = await startPawl(dir.path, { permissions, args });
      for (const path of ["/", "/client/page/main.ts"]) assertEquals((await fetched(first.url + path)).status, 200);
      const sent = await fetched(`${first.url}/upload`, { method: "POST", headers, body: file.slice(0, 2_000_000) });
      assertEquals(sent.text, "2000000");
      assertEquals(await first.stop("SIGTERM"), 0);
      assertEquals(first.output().split("\n").filter((line) => /WARN|ERR/.test(line)), []);
    }
    await using second = await startPawl(dir.path, { permissions, args });
    assertEquals((await fetched(`${second.url}/status`, { headers })).text, "2000000", durability);
    const rest = await fetch(`${second.url}/upload`, {
      method: "POST",
      headers: { ...headers, "X-Start-Byte": "2000000" },
      body: file.slice(2_000_000),
    });
    assertEquals(await rest.text(), "Success 3000000");
    const url = second.url + rest.headers.get("location");
    assertEquals(await (await fetch(url)).bytes(), file);
    assertEquals((await fetched(url, { method: "DELETE" })).status, 204);
    assertEquals((await fetched(url)).status, 410);
  }
});

Deno.test("a server that lacks a permission is refused at its start, with the option that gives it", async () => {
  await using dir = await tempDir();
  const all = narrow(dir.path, 0);
  await Promise.all(
    Object.entries(all).map(async ([name, [flag]]) => {
      const permissions = Object.entries(all).flatMap(([other, flags]) => other === name ? [] : flags);
      const { code, stdout, stderr } = await runPawl(["--port", "0", "--data", dir.path], {}, permissions);
      assertEquals([name, code, stdout], [name, 1, ""]);
      assertStringIncludes(stderr.replaceAll("'", ""), `Pawl cannot start without ${flag}:`);
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
  const [, admin = ""] = /Its health and metrics are at (\S+)/.exec(pawl.output()) ?? [];
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
