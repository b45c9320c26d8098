import { Space } from "../../../server/uploads/space.ts";
import { createSameName } from "../../../server/model/same_name.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UploadError } from "../../../server/errors.ts";
import type { PartialUpload } from "../../../server/model/upload.ts";
import { openFiles } from "../../../server/storage/disk/files.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { Engine } from "../../../server/uploads/engine.ts";
import { Pauses } from "../../../server/receiving/pauses.ts";
import { roomFor } from "../../../server/uploads/partials.ts";
import { memoryLog } from "../../support/log.ts";
import { tempDir } from "../../support/temp_dir.ts";

const MIN_FREE = 1_000_000;
const facts = { owner: "o", name: "a", folders: [] };

/** An engine whose disk has `free` bytes over what must stay free. */
async function openEngine(free: number) {
  const folder = await tempDir();
  const bytes = await openFiles(folder.path, { durable: false });
  const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const limits = {
    maxBytes: Infinity,
    idleMs: 60_000,
    minBytesPerSecond: 0,
    expireAfterMs: 60_000,
    rememberGoneMs: 60_000,
    checkpointBytes: Infinity,
    checkpointMs: 60_000,
    patience: { waitMs: 1000, silenceMs: 1 },
    appendPatience: { waitMs: 1000, silenceMs: 1 },
  };
  const engine = new Engine({
    bytes,
    records,
    space: new Space({ freeBytes: () => MIN_FREE + free, floorBytes: MIN_FREE }),
    pace: { take() {} },
    quota: { guard: (appender) => Promise.resolve(appender) },
    unrecorded: new Set(),
    pauses: new Pauses(),
    isFolderThere: () => true,
    limits,
    distrusted: new Set(),
    durable: false,
    boot: "",
    log: memoryLog(),
    now: Date.now,
    serviceNow: Date.now,
  });
  return {
    engine,
    /** Sends a partial upload of so many bytes; gives its id. */
    async sendPartial(length: number): Promise<string> {
      const body = new Response(new Uint8Array(length)).body;
      const request = { offset: 0, body, bodyLength: length, length, toTheEnd: false };
      return (await engine.begin({ ...facts, partial: true }, request)).upload.id;
    },
    /** The sizes of the files in `incoming/`. */
    async sizes(): Promise<number[]> {
      const names = await Array.fromAsync(bytes.unfinished());
      return await Promise.all(names.map(async (name) => (await Deno.stat(join(folder.path, "incoming", name))).size));
    },
    async [Symbol.asyncDispose]() {
      await engine.close();
      records[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a final upload that would leave less than --min-free is refused before a byte is copied", async () => {
  for (const [free, isTaken] of [[255 * 100, true], [255 * 100 - 1, false]] as const) {
    await using site = await openEngine(free);
    const id = await site.sendPartial(100);
    const ids = Array<string>(256).fill(id);
    const concatenating = site.engine.concatenate(facts, { ids, asSent: `final;${ids.join(" ")}` });
    if (isTaken) {
      assertEquals((await concatenating).length, 25_600);
    } else {
      assertEquals((await assertRejects(() => concatenating, UploadError)).code, "disk-full");
      assertEquals(await site.sizes(), [100]);
      assertEquals((await site.engine.status(id, facts)).state, "receiving");
    }
  }
});

Deno.test("partial uploads that are removed one after the other need the space of the largest that is copied, not of all", async () => {
  await using site = await openEngine(200);
  const ids = [await site.sendPartial(100), await site.sendPartial(200), await site.sendPartial(150)];
  const { length } = await site.engine.concatenate(facts, { ids, asSent: `final;${ids.join(" ")}` });
  assertEquals(length, 450);
});

Deno.test("roomFor() is what is on the disk besides at the height of the copying", () => {
  const partials = (text: string): PartialUpload[] =>
    [...text].map((id) => ({ id, length: ({ a: 1, b: 10, c: 100 } as Record<string, number>)[id] ?? 0 }));
  const cases: [string, number][] = [
    ["", 0],
    ["a", 0],
    ["-", 0],
    ["ab", 10],
    ["abc", 100],
    ["acb", 100],
    ["-abc", 100],
    ["aaa", 2],
    // The first `b` stays until it is copied once more.
    ["abcb", 110],
    ["abbc", 110],
    ["cbac", 100],
    ["ca", 1],
    ["acacac", 302],
  ];
  for (const [text, room] of cases) assertEquals([text, roomFor(partials(text))], [text, room]);
});
