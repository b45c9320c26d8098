import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { connect, postHead } from "./support/raw.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("main starts the server, and says so or why it cannot", async (test) => {
  await using dir = await tempDir();
  const data = join(dir.path, "new", "data");
  await using pawl = await startPawl(data);

  await test.step("it prints one line, with the address of the page and the data folder", async () => {
    const page = await fetch(pawl.url);
    assertMatch(await page.text(), /<title>.*Pawl/);
    assertEquals(pawl.output(), `Pawl is at ${pawl.url}/ and keeps its files in ${data}\n`);
  });

  await test.step("it listens on 127.0.0.1 alone unless it is told otherwise", async () => {
    const outside = Deno.networkInterfaces().find(({ family, address }) =>
      family === "IPv4" && address !== "127.0.0.1"
    );
    if (outside === undefined) return;
    const connected = await Deno.connect({ hostname: outside.address, port: pawl.port }).then(
      (connection) => {
        connection.close();
        return true;
      },
      () => false,
    );
    assertEquals(connected, false);
  });

  await test.step("it ends with code 1 and one line when it cannot start", async () => {
    await Deno.writeTextFile(join(dir.path, "file"), "");
    const cases: [string[], RegExp][] = [
      [["--port", String(pawl.port), "--data", join(dir.path, "b")], /another program listens on this port/],
      [["--port", "0", "--data", join(dir.path, "file", "data")], /Not a directory.*--data/],
      [["--host", "192.0.2.1", "--port", "0", "--data", join(dir.path, "c")], /does not have the address/],
      [["--porrt", "1"], /Unknown argument "--porrt": did you mean --port\? Or see --help/],
    ];
    await Promise.all(cases.map(async ([args, line]) => {
      const { code, stdout, stderr } = await runPawl(args);
      assertEquals([args, code, stdout], [args, 1, ""]);
      assertMatch(stderr, line);
      assertEquals(stderr.trimEnd().split("\n").length, 1);
    }));
  });
});

Deno.test("main takes its options from the environment, and the command line before it", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "by-environment");
  const env = { PAWL_PORT: "99999", PAWL_DATA: data, PAWL_HOST: "127.0.0.2" };
  const { code, stderr } = await runPawl([], env);
  assertEquals(code, 1);
  assertEquals(stderr, `PAWL_PORT cannot be "99999": give a number from 0 to 65535\n`);
  await using pawl = await startPawl(join(dir.path, "by-flag"), { env });
  assertStringIncludes(pawl.output(), `at http://127.0.0.2:${pawl.port}/ and keeps its files in ${dir.path}/by-flag`);
});

Deno.test("main --help lists every option, with its variable and default", async () => {
  const { code, stdout } = await runPawl(["--help"]);
  assertEquals(code, 0);
  for (
    const name of [
      "host",
      "port",
      "data",
      "max-size",
      "expire-after",
      "idle-timeout",
      "min-rate",
      "min-free",
      "allow-origin",
      "log-level",
    ]
  ) {
    assertStringIncludes(stdout, `--${name} `);
    assertStringIncludes(stdout, `PAWL_${name.toUpperCase().replaceAll("-", "_")}; default `);
  }
});

Deno.test("kill -9 in the middle of an upload: it goes on from at least what was acknowledged", async () => {
  await using dir = await tempDir();
  const file = someBytes(20_000_000);
  let acknowledged = 0;
  let count = 0;
  for (const cut of [3_000_000, 17_000_000]) {
    await using pawl = await startPawl(dir.path);
    count = await countOf(pawl.url);
    assert(count >= acknowledged, `${count} bytes are left of the ${acknowledged} acknowledged`);
    assertEquals(await sendPart(pawl.url, file.slice(count, count + 1_000_000), count, file.length), count + 1_000_000);
    acknowledged = count + 1_000_000;
    using connection = await connect(pawl.port);
    await connection.send(
      postHead("a", {
        "X-Start-Byte": acknowledged,
        "X-File-Size": file.length,
        "Content-Length": file.length - acknowledged,
      }),
    );
    await connection.send(file.subarray(acknowledged, Math.max(acknowledged, cut)));
    await pawl.stop("SIGKILL");
  }
  await using pawl = await startPawl(dir.path);
  count = await countOf(pawl.url);
  assert(count >= acknowledged, `${count} bytes are left of the ${acknowledged} acknowledged`);
  assertEquals(await sendPart(pawl.url, file.slice(count), count, file.length), file.length);
  assertEquals(await Deno.readFile(join(dir.path, "files", "a")), file);
});

async function countOf(url: string): Promise<number> {
  return Number(await (await fetch(`${url}/status`, { headers: { "X-File-Id": "a" } })).text());
}

async function sendPart(url: string, body: Uint8Array<ArrayBuffer>, start: number, size: number): Promise<number> {
  const headers = { "X-File-Id": "a", "X-Start-Byte": String(start), "X-File-Size": String(size) };
  const response = await fetch(`${url}/upload`, { method: "POST", headers, body });
  await response.body?.cancel();
  return Number(response.headers.get("upload-offset"));
}
