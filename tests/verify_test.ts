import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runVerifyCommand } from "../server/commands/verify.ts";
import { someBytes } from "./support/bytes.ts";
import { runHere } from "./support/commands.ts";
import { startServer } from "./support/pawl.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("verify by the command: its exit code tells whether anything is wrong at the end", async () => {
  await using dir = await tempDir();
  await using server = await startServer({ data: dir.path });
  await (await fetch(`${server.url}upload`, { method: "POST", headers: { "X-File-Id": "a" }, body: "abc" })).text();
  const verify = (...args: string[]) => runHere(["verify", "--data", dir.path, ...args]);
  assertEquals(await verify(), {
    code: 0,
    stdout: "Looked at 1 uploads and 1 files: nothing is wrong\n",
    stderr: "",
  });
  await Deno.writeTextFile(join(dir.path, "incoming", "A".repeat(22)), "");
  const wrong = await runPawl(["verify", "--data", dir.path]);
  assertEquals([wrong.code, wrong.stderr], [1, ""]);
  assertMatch(wrong.stdout, /^incoming\/A{22} belongs to no upload\. --repair would remove it\n.* 1 are wrong,/);
  const repaired = await verify("--repair");
  assertEquals(repaired.code, 0);
  assertMatch(repaired.stdout, /Now remove it\n.* 1 are wrong, 1 were repaired\n$/);
  assertEquals((await verify()).code, 0);
  assertStringIncludes((await runHere(["verify", "--help"])).stdout, "--repair");
  const none = await runHere(["verify", "--data", join(dir.path, "none")]);
  assertEquals([none.code, none.stdout], [1, ""]);
});

Deno.test("verify --repair beside a server that begins, cuts, finishes and deletes uploads finds nothing wrong, and takes nothing", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  const file = someBytes(300_000);
  let isOver = false;
  let sent = 0;
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let round = 0; !isOver; round++) {
      const post = async (id: string, start: number, end: number) => {
        const headers = { "X-File-Id": id, "X-Start-Byte": `${start}`, "X-File-Size": `${file.length}` };
        const body = file.slice(start, end);
        const response = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body });
        assertEquals(await response.text(), end === file.length ? `Success ${end}` : `${end}`);
        return response.headers.get("location");
      };
      const id = `${client}-${round}`;
      await post(id, 0, 100_000);
      const location = await post(id, 100_000, file.length);
      if (round % 2 === 0) await fetch(pawl.url + location, { method: "DELETE" });
      sent++;
    }
  });
  const lines: string[] = [];
  for (let time = 0; time < 4 || sent < 50; time++) {
    const terminal = { print: (line: string) => void lines.push(line) };
    const code = await runVerifyCommand(["--data", dir.path, "--repair"], () => undefined, terminal);
    assertEquals([code, lines.filter((line) => !line.endsWith("nothing is wrong"))], [0, []]);
  }
  isOver = true;
  await Promise.all(clients);
  for await (const { name } of Deno.readDir(join(dir.path, "files"))) {
    assertEquals(await Deno.readFile(join(dir.path, "files", name)), file);
  }
});
