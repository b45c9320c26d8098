import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { someBytes } from "./support/bytes.ts";
import { runHere } from "./support/commands.ts";
import { startServer } from "./support/pawl.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

const SIZE = 400_000;
const PART = 100_000;

/** The files of one client: each has bytes of its own. */
const fileOf = (client: number, round: number) => someBytes(SIZE, 1 + client * 10_000 + round);

Deno.test("backups that are made while clients upload, cut and delete hold every byte that was acknowledged before", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await using pawl = await startPawl(data);
  /** The offset that was acknowledged of each upload; -1 once the client asked for its end. */
  const acknowledged = new Map<string, number>();
  let isOver = false;
  const clients = Array.from({ length: 6 }, async (_, client) => {
    for (let round = 0; !isOver; round++) {
      const id = `${client}-${round}`;
      const file = fileOf(client, round);
      // Every third upload stays unfinished, and every fourth is deleted.
      const end = round % 3 === 2 ? 3 * PART : SIZE;
      let location = "";
      for (let start = 0; start < end; start += PART) {
        const headers = { "X-File-Id": id, "X-Start-Byte": `${start}`, "X-File-Size": `${SIZE}` };
        const body = file.slice(start, start + PART);
        const response = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body });
        assertEquals(response.headers.get("upload-offset"), `${start + PART}`);
        location = response.headers.get("location")!;
        await response.body?.cancel();
        acknowledged.set(id, start + PART);
      }
      if (round % 4 !== 3) continue;
      acknowledged.set(id, -1);
      await fetch(pawl.url + location, { method: "DELETE" });
    }
  });
  const backups: { to: string; before: Map<string, number> }[] = [];
  for (let count = 0; count < 2; count++) {
    const to = join(dir.path, `backup-${count}`);
    await until(() => acknowledged.size > 10 * (count + 1), "clients have sent something");
    const before = new Map(acknowledged);
    const { code, stdout, stderr } = await runPawl(["backup", to, "--data", data]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^Backed up \d+ finished files \(\d+ linked, 0 copied\) and \d+ unfinished uploads/);
    backups.push({ to, before });
  }
  isOver = true;
  await Promise.all(clients);
  const source = await runHere(["verify", "--data", data]);
  assertEquals([source.code, source.stderr], [0, ""], source.stdout);

  for (const { to, before } of backups) {
    const { code, stdout } = await runHere(["verify", "--data", to]);
    assertEquals(code, 0, stdout);
    await using restored = await startServer({ data: to });
    let checked = 0;
    for (const [id, offset] of before) {
      if (offset === -1 || acknowledged.get(id) === -1) continue;
      const [client, round] = id.split("-").map(Number);
      const file = fileOf(client!, round!);
      const status = await fetch(`${restored.url}status`, { headers: { "X-File-Id": id } });
      const held = Number(/\d+$/.exec(await status.text())?.[0]);
      assert(held >= offset, `${id} has ${held} of ${offset} bytes`);
      if (held < SIZE) {
        const headers = { "X-File-Id": id, "X-Start-Byte": `${held}`, "X-File-Size": `${SIZE}` };
        const sent = await fetch(`${restored.url}upload`, { method: "POST", headers, body: file.slice(held) });
        assertEquals(await sent.text(), `Success ${SIZE}`);
      }
      assertEquals(await Deno.readFile(join(to, "files", id)), file, id);
      checked++;
    }
    assert(checked > 0, "the backup was made of something");
  }
});

Deno.test("backup by the command: help, one folder, and none that has something in it", async () => {
  await using dir = await tempDir();
  await using server = await startServer({ data: join(dir.path, "data") });
  await (await fetch(`${server.url}upload`, { method: "POST", headers: { "X-File-Id": "a" }, body: "abc" })).text();
  assertMatch((await runHere(["backup", "--help"])).stdout, /backup DIR/);
  const backup = (...args: string[]) => runHere(["backup", ...args], { PAWL_DATA: join(dir.path, "data") });
  assertEquals((await backup()).stderr, "Say backup DIR: see backup --help\n");
  const to = join(dir.path, "to");
  const first = await runPawl(["backup", to, "--data", join(dir.path, "data")]);
  assertEquals(first, {
    code: 0,
    stdout: `Backed up 1 finished files (1 linked, 0 copied) and 0 unfinished uploads (0 bytes) to ${to}\n`,
    stderr: "",
  });
  const second = await backup(to);
  assertEquals([second.code, second.stdout], [1, ""]);
  assertEquals(second.stderr, `${to} is not empty: give a new or empty folder\n`);
});
