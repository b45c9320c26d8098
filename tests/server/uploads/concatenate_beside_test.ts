import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { gone, type ReceivingUpload } from "../../../server/model/upload.ts";
import type { ByteStore, RecordStore } from "../../../server/storage/store.ts";
import { openEngine, type TestEngine } from "../../support/engine.ts";

const facts = { owner: "o", name: "a", folders: [] };

/** A site with two whole partial uploads. `before` is called once, before the first file of them is opened. */
async function openSite() {
  let before = () => Promise.resolve();
  const slowed = (bytes: ByteStore): ByteStore => ({
    ...bytes,
    async open(id) {
      const work = before;
      before = () => Promise.resolve();
      await work();
      return await bytes.open(id);
    },
  });
  const site = await openEngine({ slowed });
  const ids = [await sendPartial(site, 5), await sendPartial(site, 7)];
  return { site, ids, doBefore: (work: () => Promise<void>) => void (before = work) };
}

async function sendPartial({ engine }: TestEngine, length: number): Promise<string> {
  const body = new Response(new Uint8Array(length).fill(length)).body;
  const request = { offset: 0, body, bodyLength: length, length, toTheEnd: false };
  return (await engine.begin({ ...facts, partial: true }, request)).upload.id;
}

async function finalOf({ records }: TestEngine): Promise<ReceivingUpload> {
  for await (const upload of records.all()) {
    if (upload.state === "receiving" && upload.concat !== undefined) return upload;
  }
  throw new Error("There is no final upload");
}

Deno.test("a concatenation goes on where another process has gone on meanwhile", async () => {
  const { site, ids, doBefore } = await openSite();
  await using _site = site;
  const { records, bytes, engine } = site;
  doBefore(async () => {
    const final = await finalOf(site);
    await bytes.adopt(ids[0]!, final.id);
    await records.replace(final, { ...final, offset: 5 });
    await records.replace(
      (await records.get(ids[0]!))!,
      gone((await records.get(ids[0]!)) as ReceivingUpload, "concatenated", 9),
    );
    await bytes.discard(ids[0]!);
  });
  const file = await engine.concatenate(facts, { ids, asSent: "final;" });
  assertEquals([file.state, file.length], ["complete", 12]);
  const found = await bytes.openFinished(file);
  const got = await new Response(found!.read()).bytes();
  assertEquals([...got], [...Array(5).fill(5), ...Array(7).fill(7)]);
});

Deno.test("a final upload that another process has ended does not come back", async () => {
  const { site, ids, doBefore } = await openSite();
  await using _site = site;
  const { records, engine } = site;
  let id = "";
  doBefore(async () => {
    const final = await finalOf(site);
    id = final.id;
    await records.replace(final, gone(final, "terminated", 9));
  });
  const error = await assertRejects(() => engine.concatenate(facts, { ids, asSent: "final;" }), UploadError);
  assertEquals([error.code, (await records.get(id))?.state], ["terminated", "gone"]);
});

Deno.test("a final upload that another process has begun meanwhile, and made of the same partial ones, is given", async () => {
  let isHidden = false;
  const slowedRecords = (records: RecordStore): RecordStore => ({
    ...records,
    async findByClient(...asked) {
      const found = isHidden ? undefined : await records.findByClient(...asked);
      isHidden = false;
      return found;
    },
  });
  await using site = await openEngine({ slowedRecords });
  const ids = [await sendPartial(site, 5), await sendPartial(site, 7)];
  const first = await site.engine.concatenate(facts, { ids, asSent: "final;" });
  isHidden = true;
  assertEquals((await site.engine.concatenate(facts, { ids, asSent: "final;" })).id, first.id);
  assertEquals(isHidden, false);
  const others = { ids: [...ids].reverse(), asSent: "final;" };
  assertEquals((await assertRejects(() => site.engine.concatenate(facts, others), UploadError)).code, "gone");
});
