import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { runHere } from "./support/commands.ts";
import { untilNothingUnfinished, untilReceived } from "./support/incoming.ts";
import { startServer } from "./support/pawl.ts";
import { runPawl } from "./support/process.ts";
import { connect, postHead } from "./support/raw.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("list shows what a running server has, while bytes come: owner, offset, size, state and path", async () => {
  await using dir = await tempDir();
  await using server = await startServer({ data: dir.path });
  const headers = { "X-File-Id": "a", "X-File-Path": "sub/a.txt" };
  await (await fetch(`${server.url}upload`, { method: "POST", headers, body: "abc" })).text();
  await untilNothingUnfinished(dir.path);
  using connection = await connect(server.port);
  await connection.send(postHead("film", { "Content-Length": 500_000 }));
  await connection.send(someBytes(200_000));
  await untilReceived(dir.path, 200_000, 1);
  const { code, stdout } = await runPawl(["list", "--data", dir.path]);
  assertEquals([code, stdout.trimEnd().split("\n").length], [0, 3]);
  assertMatch(stdout, /^finished +\d+s +3 +3 +anonymous +[\w-]{22} +sub\/a\.txt$/m);
  assertMatch(stdout, /^unfinished +\d+s +0 +500000 +anonymous +[\w-]{22} +film$/m);
  const json = await runHere(["list", "--json"], { PAWL_DATA: dir.path });
  const found = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(found.map(({ state, path, length }) => [state, path, length]).sort(), [
    ["finished", "sub/a.txt", 3],
    ["unfinished", "film", 500_000],
  ]);
  // An upload that is over is not listed.
  const { id } = found.find(({ state }) => state === "finished");
  await fetch(`${server.url}files/${id}`, { method: "DELETE" });
  assertEquals((await runHere(["list", "--json", "--data", dir.path])).stdout.trimEnd().split("\n").length, 1);
});

Deno.test("list --help tells its options, and makes nothing in a folder without Pawl", async () => {
  await using dir = await tempDir();
  assertStringIncludes((await runHere(["list", "--help"])).stdout, "--json");
  const none = join(dir.path, "none");
  for (const data of [none, dir.path]) {
    const { code, stdout, stderr } = await runHere(["list", "--data", data]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^There is no Pawl in \S+: give its folder by --data\n$/);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(dir.path)), []);
  await Deno.writeTextFile(
    join(dir.path, "pawl.db"),
    "this is no database, and long enough to be read as one".repeat(100),
  );
  const broken = await runPawl(["list", "--data", dir.path]);
  assertEquals([broken.code, broken.stdout, broken.stderr.trimEnd().split("\n").length], [1, "", 1]);
  assertMatch(broken.stderr, /^Pawl cannot go on with list: .*database/);
  assert(!await Deno.stat(none).then(() => true, () => false));
});
