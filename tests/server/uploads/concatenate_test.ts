import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { PartialUpload } from "../../../server/model/upload.ts";
import type { RecordStore } from "../../../server/storage/store.ts";
import { roomFor } from "../../../server/uploads/partials.ts";
import { openEngine, type TestEngine } from "../../support/engine.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const facts = { owner: "o", name: "a", folders: [] };

/** Sends a partial upload of so many bytes; gives its id. */
async function sendPartial({ engine }: TestEngine, length: number): Promise<string> {
  const body = new Response(new Uint8Array(length)).body;
  const request = { offset: 0, body, bodyLength: length, length, toTheEnd: false };
  return (await engine.begin({ ...facts, partial: true }, request)).upload.id;
}

/** The sizes of the files in `incoming/`. */
async function sizes({ bytes }: TestEngine): Promise<(number | undefined)[]> {
  return await Promise.all((await Array.fromAsync(bytes.unfinished())).map((name) => bytes.length(name)));
}

Deno.test("a final upload that would leave less than --min-free is refused before a byte is copied", async () => {
  for (const [free, isTaken] of [[255 * 100, true], [255 * 100 - 1, false]] as const) {
    await using site = await openEngine({ free });
    const id = await sendPartial(site, 100);
    const ids = Array<string>(256).fill(id);
    const concatenating = site.engine.concatenate(facts, { ids, asSent: `final;${ids.join(" ")}` });
    if (isTaken) {
      assertEquals((await concatenating).length, 25_600);
    } else {
      assertEquals((await assertRejects(() => concatenating, UploadError)).code, "disk-full");
      assertEquals(await sizes(site), [100]);
      assertEquals((await site.engine.status(id, facts)).state, "receiving");
    }
  }
});

Deno.test("partial uploads that are removed one after the other need the space of the largest that is copied, not of all", async () => {
  await using site = await openEngine({ free: 200 });
  const ids = [await sendPartial(site, 100), await sendPartial(site, 200), await sendPartial(site, 150)];
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

oneMachineTest(
  "after a crash behind an adoption no other final upload gets the same bytes, and the first one is right",
  async () => {
    let begun = "";
    // The record says that the bytes are adopted, and the process ends before the partial upload is removed.
    const slowedRecords = (records: RecordStore): RecordStore => ({
      ...records,
      async replace(before, after, options) {
        const isDone = await records.replace(before, after, options);
        if (begun !== "" || after.state !== "receiving" || after.concat === undefined) return isDone;
        begun = after.id;
        throw new Error("The process ends here");
      },
    });
    await using site = await openEngine({ slowedRecords });
    const { engine, bytes } = site;
    const [a, b, c] = [await sendPartial(site, 5), await sendPartial(site, 7), await sendPartial(site, 9)];
    const concatenate = (ids: string[]) => engine.concatenate(facts, { ids, asSent: `final;${ids.join(" ")}` });
    await assertRejects(() => concatenate([a, b]), Error, "The process ends here");
    assertEquals((await assertRejects(() => concatenate([a, c]), UploadError)).code, "locked");
    // The start after the crash goes on with it.
    const file = await engine.finish(begun);
    assertEquals([file.state, file.length], ["complete", 12]);
    assertEquals((await assertRejects(() => concatenate([a, c]), UploadError)).code, "gone");
    assertEquals(await bytes.length(c), 9);
  },
);
