import { assertEquals, assertRejects } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { completed, gone, newUpload, type ReceivingUpload, type Upload } from "../../../server/model/upload.ts";
import type { BackupFolder } from "../../../server/storage/disk/backup_folder.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import type { ByteStore, FinishedFile, RecordStore } from "../../../server/storage/store.ts";
import { backUp, type BackupDeps, type BackupTally } from "../../../server/upkeep/backup.ts";

const ID = "A".repeat(22);
const PART = "B".repeat(22);
const encoder = new TextEncoder();

function unfinished(offset: number, facts: Partial<ReceivingUpload> = {}): ReceivingUpload {
  const at = { id: ID, now: 0, serviceNow: 0, expireAfterMs: 1e6, boot: "b", durable: true };
  return { ...newUpload({ owner: "anna", name: "a", folders: [], length: 9 }, at), offset, ...facts };
}

const finished = completed(unfinished(9), "a", 0);

/** A look at the data of a server that changes it: the record, and the bytes that are read then. */
type Moment = readonly [record: Upload | undefined, bytes?: string];

interface World {
  readonly folder: Map<string, string>;
  readonly records: RecordStore;
  readonly tally: BackupTally;
  readonly told: string[];
}

/** Backs up uploads. At each look at a record the server has come to the next moment, and stays at the last one. */
async function backUpMeanwhile(
  before: readonly (ReceivingUpload | typeof finished)[],
  moments: Readonly<Record<string, readonly Moment[]>>,
  more: { bytes?: Partial<ByteStore>; folder?: Partial<BackupFolder> } = {},
): Promise<World & Disposable> {
  const records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  for (const upload of before) await records.create(upload);
  const folder = new Map<string, string>();
  const told: string[] = [];
  const at = new Map<string, number>();
  const momentOf = (id: string) => moments[id]![Math.min(at.get(id) ?? 0, moments[id]!.length - 1)]!;
  const streamOf = (text = "") => ReadableStream.from([encoder.encode(text)]);
  const bytes: Partial<ByteStore> = {
    find: () => Promise.resolve("there"),
    length: () => Promise.resolve(undefined),
    readUnfinished: (id, end) => streamOf(momentOf(id)[1]?.slice(0, end)),
    openFinished: ({ id }) =>
      Promise.resolve<FinishedFile>({
        length: 9,
        modifiedAt: 0,
        head: () => Promise.reject(),
        read: ({ end } = { start: 0, end: 9 }) => streamOf(momentOf(id)[1]?.slice(0, end)),
        close() {},
      }),
    ...more.bytes,
  };
  const deps: BackupDeps = {
    bytes: bytes as ByteStore,
    records: {
      get(id) {
        const [record] = momentOf(id);
        at.set(id, (at.get(id) ?? 0) + 1);
        return Promise.resolve(record);
      },
    },
    copied: records,
    folder: {
      keepFinished: (source, path) => Promise.resolve(void folder.set(`files/${path}`, source)).then(() => "linked"),
      dropFinished: (path) => Promise.resolve(void folder.delete(`files/${path}`)),
      async writeUnfinished(id, bytes) {
        const text = await new Response(ReadableStream.from(bytes)).text();
        folder.set(id, text);
        return text.length;
      },
      hasUnfinished: async (id, bytes) => await new Response(ReadableStream.from(bytes)).text() === folder.get(id),
      dropUnfinished: (id) => Promise.resolve(void folder.delete(id)),
      flush: () => Promise.resolve(),
      ...more.folder,
    },
    pathOnDisk: (folder, path) => `${folder}/${path}`,
    wait: () => Promise.resolve(),
    tell: (line) => void told.push(line),
  };
  try {
    const tally = await backUp(deps);
    return { folder, records, tally, told, [Symbol.dispose]: () => records[Symbol.dispose]() };
  } catch (error) {
    records[Symbol.dispose]();
    throw error;
  }
}

Deno.test("an unfinished upload is backed up with the offset up to which its bytes were read", async () => {
  const now = unfinished(6, { lastByteAt: 1 });
  using world = await backUpMeanwhile([unfinished(4)], { [ID]: [[now, "abcdefg"]] });
  assertEquals([...world.folder], [[ID, "abcdef"]]);
  assertEquals(await world.records.get(ID), now);
  assertEquals([world.tally.unfinished, world.tally.unfinishedBytes], [1, 6]);
});

Deno.test("bytes that come behind the recorded offset meanwhile do not matter: those before are read again, and equal", async () => {
  const moments: Moment[] = [[unfinished(3), "abc"], [unfinished(6), "abcdef"], [unfinished(9), "abcdefghi"]];
  using world = await backUpMeanwhile([unfinished(3)], { [ID]: moments });
  assertEquals([...world.folder], [[ID, "abcdef".slice(0, 3)]]);
  assertEquals(await world.records.get(ID), unfinished(3));
});

Deno.test("a body that is rolled back and sent with other bytes meanwhile is never half in a backup", async () => {
  const moments: Moment[] = [
    [unfinished(6), "abcdef"],
    [unfinished(3), "abc"],
    [unfinished(6, { lastByteAt: 5 }), "abcXYZ"],
    [unfinished(6, { lastByteAt: 5 }), "abcXYZ"],
  ];
  using rolled = await backUpMeanwhile([unfinished(6)], { [ID]: moments });
  assertEquals([...rolled.folder], [[ID, "abcXYZ"]]);
  // The roll back itself was not seen: only the bytes tell.
  using unseen = await backUpMeanwhile([unfinished(6)], { [ID]: [moments[0]!, moments[2]!] });
  assertEquals([...unseen.folder], [[ID, "abcXYZ"]]);
});

Deno.test("an upload that came to its end meanwhile is over in the backup too, and nothing is left of it", async () => {
  for (const upload of [unfinished(6), finished]) {
    const end = gone(upload, "terminated", 5);
    for (const [last, record] of [[end, end], [undefined, undefined]]) {
      using world = await backUpMeanwhile([upload], { [ID]: [[last]] });
      assertEquals([await world.records.get(ID), world.folder.size, world.told], [record, 0, []]);
      assertEquals(await world.records.claimant("a"), undefined);
    }
  }
  // It came while its bytes were copied.
  using world = await backUpMeanwhile([unfinished(3)], { [ID]: [[unfinished(3), "abc"], [undefined]] });
  assertEquals([await world.records.get(ID), world.folder.size], [undefined, 0]);
});

Deno.test("an upload that was finished meanwhile is as it was, with its bytes from the finished file", async () => {
  const moments: Moment[] = [[finished, "abcdefghi"]];
  using world = await backUpMeanwhile([unfinished(3)], { [ID]: moments });
  assertEquals([[...world.folder], await world.records.get(ID)], [[[ID, "abc"]], unfinished(3)]);
  // A person took the file away at once.
  using taken = await backUpMeanwhile([unfinished(3)], { [ID]: moments }, {
    bytes: { find: () => Promise.resolve("missing") },
  });
  assertEquals([taken.folder.size, await taken.records.get(ID), taken.told], [0, undefined, []]);
});

Deno.test("a file of several parts has all the bytes of the parts that are gone: it is looked at after them", async () => {
  const concat = { partials: [{ id: PART, length: 9 }], asSent: "final;" };
  const part = { ...unfinished(9), id: PART, partial: true as const };
  const final = unfinished(0, { concat });
  const over = gone(part, "concatenated", 5);
  const after = unfinished(9, { concat });
  using running = await backUpMeanwhile([final, part], { [ID]: [[after, "abcdefghi"]], [PART]: [[over]] });
  assertEquals([[...running.folder], await running.records.get(ID)], [[[ID, "abcdefghi"]], after]);
  using ended = await backUpMeanwhile([final, part], { [ID]: [[finished, "abcdefghi"]], [PART]: [[over]] });
  assertEquals([[...ended.folder], await ended.records.get(ID)], [[[ID, "abcdefghi"]], after]);
  // The part was there until the final upload had its bytes.
  const order: string[] = [];
  const moments = { [ID]: [[after, "abcdefghi"]], [PART]: [[part, "abcdefghi"]] } as const;
  using _ = await backUpMeanwhile([final, part], moments, {
    bytes: { readUnfinished: (id) => (order.push(id), ReadableStream.from([encoder.encode("abcdefghi")])) },
  });
  assertEquals(order, [PART, ID]);
});

Deno.test("a finished file that goes to another path keeps the one of the backup's record, and a foreign one is dropped", async () => {
  const moved = { ...finished, path: "a (2)" };
  using world = await backUpMeanwhile([finished], { [ID]: [[moved]] });
  assertEquals([...world.folder], [["files/a", "files/a (2)"]]);
  // Another file came to its place after the look, so that the link may be to that one.
  let looks = 0;
  using dropped = await backUpMeanwhile([finished], { [ID]: [[finished]] }, {
    bytes: { find: () => Promise.resolve(looks++ === 0 ? "there" : "replaced") },
  });
  assertEquals([dropped.folder.size, dropped.tally.absent, dropped.tally.linked], [0, 1, 0]);
});

Deno.test("a finished file that the server is removing is over in the backup: its record follows a moment later", async () => {
  const end = gone(finished, "terminated", 5);
  using world = await backUpMeanwhile([finished], { [ID]: [[finished], [end]] }, {
    bytes: { find: () => Promise.resolve("missing") },
  });
  assertEquals([await world.records.get(ID), world.tally.absent, world.folder.size], [end, 0, 0]);
});

Deno.test("what changes again and again, or cannot be read, is told and counted, and the rest is backed up", async () => {
  const other = { ...finished, id: PART };
  using failed = await backUpMeanwhile([unfinished(3), other], { [ID]: [[unfinished(3), "ab"]], [PART]: [[other]] });
  assertEquals(failed.told, [`Cannot back up upload ${ID}: its file has 2 of the 3 bytes that are recorded`]);
  using restless = await backUpMeanwhile([unfinished(3)], {
    [ID]: Array.from({ length: 40 }, (_, at): Moment => [unfinished(3, { lastByteAt: at }), `${at}`.padStart(3)]),
  });
  assertEquals(restless.told, [`Cannot back up upload ${ID}: its bytes change again and again`]);
  assertEquals([failed.tally.failed, failed.tally.linked, failed.folder.get(ID)], [1, 1, "ab"]);
  assertEquals([restless.tally.failed, restless.folder.size], [1, 0]);
});

Deno.test("a full disk ends a backup", async () => {
  const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  await assertRejects(
    () => backUpMeanwhile([finished], { [ID]: [[finished]] }, { folder: { keepFinished: () => Promise.reject(full) } }),
    Error,
    "No space left",
  );
});
