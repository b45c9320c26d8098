import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { takenOver } from "../../../server/model/agree.ts";
import { completed, gone, type ReceivingUpload, type Upload } from "../../../server/model/upload.ts";
import { noDatabase } from "../../../server/storage/postgres/no_database.ts";
import type { RecordStore } from "../../../server/storage/store.ts";
import type { AppendRequest } from "../../../server/uploads/append.ts";
import { openEngine } from "../../support/engine.ts";

const facts = { owner: "o", name: "a", folders: [] };
const scope = { owner: "o" };

/** What another instance records of an upload that it has taken, and what the request is told that has lost it. */
const LOST: readonly [what: string, after: (before: ReceivingUpload) => Upload, code: string, offset?: number][] = [
  ["it has recorded nothing yet", (before) => before, "taken-over", 4],
  ["it has received more", (before) => ({ ...before, offset: 9 }), "taken-over", 9],
  ["it has begun again", (before) => ({ ...before, offset: 0 }), "taken-over", 0],
  ["it has finished the upload", (before) => completed({ ...before, offset: 10 }, "a", 0), "taken-over", 10],
  ["it has ended the upload", (before) => gone(before, "terminated", 1e12), "terminated"],
];

for (const [what, after, code, offset] of LOST) {
  Deno.test(`a request that has lost its upload to another instance is told what is recorded: ${what}`, async () => {
    const error = await losing(async (records, before) => {
      assertEquals(await records.replace(before, after(before)), true);
    });
    assertEquals([error.code, error.offset], [code, offset]);
  });
}

Deno.test("a request that has lost its upload while no record can be read is told no offset: it may be an old one", async () => {
  const error = await losing((records) => {
    records.get = () => Promise.reject(noDatabase());
    return Promise.resolve();
  });
  assertEquals([error.code, error.offset], ["taken-over", undefined]);
});

/** Gives the refusal of a request that has lost an upload of four bytes, after `meanwhile`, when it records its own. */
async function losing(
  meanwhile: (records: RecordStore, before: ReceivingUpload) => Promise<void>,
): Promise<UploadError> {
  let isLost = false;
  const slowedRecords = (records: RecordStore): RecordStore => ({
    ...records,
    get: (id) => records.get(id),
    async replace(before, after) {
      if (!isLost) return await records.replace(before, after);
      await meanwhile(records, before as ReceivingUpload);
      throw takenOver();
    },
  });
  await using site = await openEngine({ slowedRecords });
  const { id } = await site.engine.create({ ...facts, length: 10 });
  const send = (offset: number) => site.engine.append(id, scope, fourBytes(offset));
  await send(0);
  isLost = true;
  return await assertRejects(() => send(4), UploadError);
}

/** A request with four bytes of a file, from `offset` on. */
function fourBytes(offset: number): AppendRequest {
  return { offset, bodyLength: 4, toTheEnd: false, body: new Blob([new Uint8Array(4)]).stream() };
}
