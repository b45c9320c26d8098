import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { newUpload } from "../../server/model/upload.ts";
import { someBytes } from "../support/bytes.ts";
import { extent } from "../support/campaign.ts";
import { startServer } from "../support/pawl.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const UPLOADS = extent({ short: 1000, long: 100_000 });
/** Two records make one upload, and a commit takes at most 1000. */
const BATCH = 400;

Deno.test("with very many unfinished uploads on disk the server serves each while it still looks through them", async () => {
  await using dir = await tempDir();
  // Made by a server, so that the folder is what a server makes; stopped before the others are put beside it.
  const file = someBytes(1000);
  const headers = { "X-File-Id": "a", "X-File-Size": "1000" };
  {
    await using first = await startServer({ data: dir.path });
    await (await fetch(`${first.url}upload`, { method: "POST", headers, body: file.slice(0, 10) })).body?.cancel();
  }
  await fill(dir.path);

  const start = performance.now();
  await using pawl = await startPawl(dir.path);
  const page = await fetch(pawl.url);
  await page.body?.cancel();
  const seconds = (performance.now() - start) / 1000;
  // deno-lint-ignore no-console -- the figures of a run belong beside its result
  console.log(`start with ${UPLOADS} unfinished uploads: first answer after ${seconds.toFixed(2)} s`);
  assertEquals(await (await fetch(`${pawl.url}/status`, { headers })).text(), "10");
});

/** Puts unfinished uploads of 10 bytes into a data folder that no server uses. */
async function fill(data: string): Promise<void> {
  const kv = await Deno.openKv(join(data, "pawl.db"));
  const bytes = someBytes(10);
  for (let at = 0; at < UPLOADS; at += BATCH) {
    const atomic = kv.atomic();
    const files: Promise<void>[] = [];
    for (let number = at; number < at + BATCH; number++) {
      const id = `fill${String(number).padStart(18, "0")}`;
      const facts = { owner: "anonymous", name: "a", folders: [], length: 1000 };
      const at = { id, now: Date.now(), serviceNow: Date.now(), expireAfterMs: 86_400_000, boot: "", durable: true };
      const upload = { ...newUpload(facts, at), offset: 10 };
      atomic.set(["upload", id], upload).set(["due", upload.dueAt, id], id);
      files.push(Deno.writeFile(join(data, "incoming", id), bytes));
    }
    await Promise.all([atomic.commit(), ...files]);
  }
  kv.close();
}
