import { defined } from "../../defined.ts";
import type { SameName } from "../../model/same_name.ts";
import type { CompleteUpload, ReceivingUpload, Upload } from "../../model/upload.ts";
import { type Database, type Entries, openDatabase } from "./database.ts";
import { NO_OUTBOX, type Outbox } from "./events.ts";
import type { Change } from "./group_commit.ts";
import { clientKey, createRecordKeys, SERVICE_TIME, uploadKey } from "./record_keys.ts";
import type { RecordStore } from "../store.ts";
import { NO_TALLY, type Tally } from "../tally.ts";
import { upgrade } from "./upgrade.ts";

/** Opens the records in a database of their own. {@linkcode createRecords} says more. */
export async function openRecords(path: string, sameName: SameName): Promise<RecordStore> {
  const database = await openDatabase(path);
  try {
    return await createRecords(database, sameName);
  } catch (error) {
    database.kv.close();
    throw error;
  }
}

export interface RecordsOptions {
  /** Hears what happens to uploads, in the same commits; nobody by default. */
  readonly outbox?: Outbox;
  /** Says what the database counts in the same commits; nothing by default. */
  readonly tally?: Tally;
}

/**
 * Makes the store of the records in a database, and upgrades those of an earlier version. The database is closed with
 * the store. Of two paths that `sameName` makes one name, only one can be claimed.
 *
 * `record_keys.ts` lists the keys. What happens to uploads is written into `outbox` in the same commits (`events.ts`).
 * The refusals of bounds that `tally` gives are thrown by `create` and `replace`; nothing has changed then.
 */
export async function createRecords(
  database: Database,
  sameName: SameName,
  { outbox = NO_OUTBOX, tally = NO_TALLY }: RecordsOptions = {},
): Promise<RecordStore> {
  const { kv, commit } = database;
  const keys = createRecordKeys(sameName);
  await upgrade(database, { clientKey, pathKey: keys.claim, listedAs: keys.listed }, sameName);

  /** The check that nobody claims the path of a complete upload, unless `before` had the claim already (I8). */
  function claimOf(upload: Upload, before?: Upload): Deno.AtomicCheck[] {
    if (upload.state !== "complete") return [];
    const hasIt = before?.state === "complete" && before.path === upload.path;
    return hasIt ? [] : [{ key: keys.claim(upload.path), versionstamp: null }];
  }

  /** The claim that a complete upload gives back, if it still has it. Another upload may have it by now. */
  async function claimOfOwn(upload: Upload): Promise<Deno.AtomicCheck[]> {
    if (upload.state !== "complete") return [];
    const claim = await kv.get<string>(keys.claim(upload.path));
    return claim.value === upload.id ? [claim] : [];
  }

  /**
   * Replaces or removes a record whose indexes change. False when the path that `after` claims is taken, and when the
   * end of a complete upload is recorded already: of two requests that end it, one alone does it. What is over frees its
   * client's id, unless that means another upload by then.
   */
  async function move(
    before: Upload,
    after: Upload | undefined,
    unheld: Pick<Change, "checks" | "isUnheld"> = {},
  ): Promise<boolean> {
    const isOver = after === undefined || after.state === "gone";
    const own = await claimOfOwn(before);
    const meanings = isOver ? await meaningOf(before) : [];
    const record = before.state === "complete" ? await kv.get<Upload>(uploadKey(before.id)) : undefined;
    const isEnd = record !== undefined && after?.state !== "complete";
    // Another request ended this upload just now: nothing is left to change.
    if (record !== undefined && record.value?.state !== "complete") return !isEnd;
    const remove = [
      ...before.state === "complete" ? [...own.map(({ key }) => key), ...keys.listed(before)] : keys.indexes(before),
      ...meanings.map(({ key }) => key),
    ];
    const checks = [...own, ...meanings, ...unheld.checks ?? [], ...isEnd ? [record] : []];
    const change = after === undefined
      ? { checks, remove: [uploadKey(before.id), ...remove] }
      : { checks: [...checks, ...claimOf(after, before)], set: keys.entries(after), remove };
    if (await commitWithEvents({ ...unheld, ...change }, [before, after])) return true;
    const isStale = isEnd || own.length > 0 && (await claimOfOwn(before)).length === 0 ||
      meanings.length > 0 && (await meaningOf(before)).length === 0;
    return isStale && await move(before, after, unheld);
  }

  /** Commits a change by which the record `before` becomes `after`, with the events that tell of it. */
  async function commitWithEvents(
    change: Change,
    ...steps: (readonly [before: Upload | undefined, after: Upload | undefined])[]
  ): Promise<boolean> {
    const events = steps.flatMap((step) => outbox.entriesOf(...step));
    const counted = { ...change, ...defined({ tallied: tally.of(steps) }) };
    if (events.length === 0) return await commit(counted);
    const isDone = await commit({ ...counted, set: [...change.set ?? [], ...events] });
    if (isDone) outbox.wake();
    return isDone;
  }

  async function get(id: string): Promise<Upload | undefined> {
    return (await kv.get<Upload>(uploadKey(id))).value ?? undefined;
  }

  /** The entry of the upload's client's id, if that id still means this upload. */
  async function meaningOf(upload: Upload): Promise<Deno.KvEntry<string>[]> {
    if (upload.clientId === undefined) return [];
    const meaning = await kv.get<string>(clientKey(upload.owner, upload.clientId));
    return meaning.value === upload.id ? [meaning] : [];
  }

  return {
    get,

    async findByClient(owner, clientId) {
      const { value } = await kv.get<string>(clientKey(owner, clientId));
      return value === null ? undefined : await get(value);
    },

    async create(upload, instead) {
      const remove = instead?.state === "receiving" ? [uploadKey(instead.id), ...keys.indexes(instead)] : [];
      const set = keys.entries(upload);
      const checks = claimOf(upload);
      const steps: [Upload | undefined, Upload | undefined][] = [[undefined, upload]];
      if (instead?.state === "receiving") steps.unshift([instead, undefined]);
      if (upload.clientId === undefined) return await commitWithEvents({ checks, set, remove }, ...steps);
      const key = clientKey(upload.owner, upload.clientId);
      const meant = instead === undefined ? { key, versionstamp: null } : await kv.get<string>(key);
      if (instead !== undefined && "value" in meant && meant.value !== instead.id) return false;
      const change = { checks: [...checks, meant], set: [...set, [key, upload.id]] as const, remove };
      return await commitWithEvents(change, ...steps);
    },

    async claimant(path) {
      return (await kv.get<string>(keys.claim(path))).value ?? undefined;
    },

    async *below(folder, payer) {
      const start = sameName(`${folder}/`);
      for (const range of keys.below(folder, payer)) {
        for await (const ids of inGroups(kv.list<string>(range), MAX_READ)) {
          for (const { value: upload } of await kv.getMany<Upload[]>(ids.map(({ value }) => uploadKey(value)))) {
            if (upload?.state === "complete" && sameName(upload.path).startsWith(start)) yield upload;
          }
        }
      }
    },

    async *folders(payer) {
      let last: string | undefined;
      for await (const { key, value } of kv.list<string>({ prefix: ["in", payer] }, { batchSize: 500 })) {
        // The key has a digest in place of a long path.
        const path = key.length === 4 ? key[2] as string : sameName(pathOf(await get(value)));
        const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
        if (folder !== "" && folder !== last) yield last = folder;
      }
    },

    async replace(before, after, { isUnheld = false } = {}) {
      const known = isUnheld ? await kv.get<Upload>(uploadKey(before.id)) : undefined;
      // A record that is counted anew must not bring back what another request has changed in it.
      const isKnown = before === after ? isSame : isAsFar;
      if (known !== undefined && !isKnown(known.value, before)) return false;
      const unheld: Pick<Change, "checks" | "isUnheld"> = known === undefined
        ? {}
        : { checks: [known], isUnheld: true };
      // An append changes no index, so its commit writes the record alone.
      if (sameKeys(keys.indexes(before), keys.indexes(after))) {
        const tallied = defined({ tallied: tally.of([[before, after]]) });
        return await commit({ ...unheld, set: [[uploadKey(after.id), after]], ...tallied });
      }
      return await move(before, after, unheld);
    },

    async forget(upload) {
      await move(upload, undefined);
    },

    async list(owner, limit, after) {
      const prefix = ["of", owner];
      const range = after === undefined ? { prefix } : { prefix, end: [...prefix, after.createdAt, after.id] };
      const found: (ReceivingUpload | CompleteUpload)[] = [];
      for await (const { value } of kv.list<string>(range, { reverse: true, batchSize: Math.min(limit, 100) })) {
        const upload = await get(value);
        if (upload !== undefined && upload.state !== "gone") found.push(upload);
        if (found.length === limit) break;
      }
      return found;
    },

    all: () => allRecords(kv),

    async *due(now) {
      for await (const { value } of kv.list<string>({ prefix: ["due"], end: ["due", now + 1] })) yield value;
    },

    async firstDueAt() {
      for await (const { key } of kv.list({ prefix: ["due"] }, { limit: 1 })) return key[1] as number;
      return undefined;
    },

    async serviceTime() {
      return (await kv.get<number>(SERVICE_TIME)).value ?? undefined;
    },

    async saveServiceTime(ms) {
      const saved = (await kv.get<number>(SERVICE_TIME)).value ?? -Infinity;
      if (saved < ms) await commit({ set: [[SERVICE_TIME, ms]] });
    },

    [Symbol.dispose]: () => kv.close(),
  };
}

/**
 * All records of a database, in no order, as every version of the layout has had them. It is read in batches, so that
 * memory stays flat.
 */
export async function* allRecords(kv: Pick<Entries, "list">): AsyncGenerator<Upload> {
  for await (const { value } of kv.list<Upload>({ prefix: ["upload"] }, { batchSize: 500 })) yield value;
}

/** The most keys that Deno KV reads at once. */
const MAX_READ = 10;

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function pathOf(upload: Upload | undefined): string {
  return upload?.state === "complete" ? upload.path : "";
}

/** True when two records of one upload say the same of how far it is. */
function isAsFar(one: Upload | null, other: Upload): boolean {
  if (one?.state !== "receiving" || other.state !== "receiving") return one?.state === other.state;
  return one.offset === other.offset;
}

function isSame(one: Upload | null, other: Upload): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function sameKeys(some: Deno.KvKey[], others: Deno.KvKey[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}
