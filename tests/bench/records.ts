import { newId } from "../../server/model/id.ts";
import { createSameName } from "../../server/model/same_name.ts";
import { ensureDir } from "@std/fs/ensure-dir";
import { join } from "@std/path";
import { openRecords } from "../../server/storage/kv/records.ts";
import type { CompleteUpload, ReceivingUpload } from "../../server/model/upload.ts";
import { type Bench, WrongResult } from "./job.ts";

const OWNER = "anonymous";

/** Three keys each: below the 1 000 that one operation may change, and its 800 KiB. */
const RECORDS_PER_COMMIT = 300;

const HOUR_MS = 3_600_000;
const LENGTH = 4096;

/** The file of all finished records: who asks about a finished upload learns whether its file is there. */
const FILE = "record.bin";

/** How many bytes every finished record says that there are. */
export const RECORDED_LENGTH = LENGTH;

/** The client's id of the finished record with a number, or of all when `########` stands for the number. */
export function clientIdOf(number: string): string {
  return `record-${number}`;
}

/**
 * Gives a data folder with `count` records, every second one finished and the others not due for a long time; made when
 * it is first asked for. The keys are those that `server/storage/records.ts` writes, in operations of hundreds; throws
 * {@linkcode WrongResult} when that file would not find them.
 */
export async function folderOfRecords(bench: Bench, count: number): Promise<string> {
  const dir = join(bench.dir, `records-${count}`);
  const isThere = await Deno.stat(dir).then(() => true, () => false);
  if (!isThere) await writeRecords(bench, dir, count);
  return dir;
}

async function writeRecords(bench: Bench, dir: string, count: number): Promise<void> {
  const path = await databaseIn(dir);
  await ensureDir(join(dir, "files"));
  await Deno.writeFile(join(dir, "files", FILE), new Uint8Array(LENGTH));
  const start = performance.now();
  using kv = await Deno.openKv(path);
  for (let done = 0; done < count;) {
    bench.signal.throwIfAborted();
    const atomic = kv.atomic();
    for (let i = 0; i < RECORDS_PER_COMMIT && done < count; i++, done++) {
      const number = String(done >> 1).padStart(8, "0");
      if (done % 2 === 0) setComplete(atomic, number);
      else setReceiving(atomic, `waiting-${number}`, Date.now() + 24 * HOUR_MS + done);
    }
    await atomic.commit();
  }
  const seconds = (performance.now() - start) / 1000;
  bench.say(`Wrote ${count} records in ${seconds.toFixed(1)} s`);
  using records = await openRecords(path, createSameName({ ignoresCase: false }));
  const found = await records.findByClient(OWNER, clientIdOf("00000000"));
  if (found?.state !== "complete") throw new WrongResult("The server would not find the records that were written");
}

/** Adds uploads that are past their time, with their bytes; gives their ids. No server may run on the folder. */
export async function writeExpired(dir: string, count: number, now: number): Promise<string[]> {
  const incoming = join(dir, "incoming");
  await ensureDir(incoming);
  using kv = await Deno.openKv(await databaseIn(dir));
  await kv.set(["service-time"], now);
  const ids: string[] = [];
  while (ids.length < count) {
    const atomic = kv.atomic();
    for (let i = 0; i < RECORDS_PER_COMMIT && ids.length < count; i++) {
      const id = setReceiving(atomic, `expired-${crypto.randomUUID()}`, now - HOUR_MS);
      await Deno.writeFile(join(incoming, id), new Uint8Array(LENGTH));
      ids.push(id);
    }
    await atomic.commit();
  }
  return ids;
}

async function databaseIn(dir: string): Promise<string> {
  await ensureDir(dir);
  return join(dir, "pawl.db");
}

function setComplete(atomic: Deno.AtomicOperation, number: string): void {
  const id = newId();
  const clientId = clientIdOf(number);
  const upload: CompleteUpload = {
    state: "complete",
    id,
    owner: OWNER,
    clientId,
    createdAt: Date.now(),
    completedAt: Date.now(),
    length: LENGTH,
    path: FILE,
  };
  atomic.set(["upload", id], upload).set(clientKey(clientId), id).set(["path", `${clientId}.bin`], id);
}

function setReceiving(atomic: Deno.AtomicOperation, clientId: string, dueAt: number): string {
  const id = newId();
  const upload: ReceivingUpload = {
    state: "receiving",
    id,
    owner: OWNER,
    clientId,
    createdAt: 0,
    name: `${clientId}.bin`,
    folders: [],
    length: 2 * LENGTH,
    offset: LENGTH,
    boot: "",
    // Long ago: when it expires is for `dueAt` to say.
    lastByteAt: 0,
    dueAt,
  };
  atomic.set(["upload", id], upload).set(["due", dueAt, id], id).set(clientKey(clientId), id);
  return id;
}

function clientKey(clientId: string): Deno.KvKey {
  return ["client", OWNER, clientId];
}
