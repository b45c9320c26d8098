import { createHash } from "node:crypto";
import type { Upload } from "../../model/upload.ts";
import { type Change, createGroupCommit } from "./group_commit.ts";
import type { RecordStore } from "../store.ts";
import { upgrade } from "./upgrade.ts";

/** Opens the records in the Deno KV database at `path` (`:memory:` for one that forgets), made where there is none. */
export async function openRecords(path: string): Promise<RecordStore> {
  const kv = await Deno.openKv(path);
  await upgrade(kv, { clientKey, pathKey });
  const commit = createGroupCommit(kv);

  async function get(id: string): Promise<Upload | undefined> {
    return (await kv.get<Upload>(uploadKey(id))).value ?? undefined;
  }
  /** The key of the client's own id, where it still means this upload. */
  async function meaningOf(upload: Upload): Promise<Deno.KvKey[]> {
    if (upload.clientId === undefined) return [];
    const key = clientKey(upload.owner, upload.clientId);
    return (await kv.get<string>(key)).value === upload.id ? [key] : [];
  }

  return {
    get,

    async findByClient(owner, clientId) {
      const { value } = await kv.get<string>(clientKey(owner, clientId));
      return value === null ? undefined : await get(value);
    },

    async create(upload, instead) {
      const remove = instead?.state === "receiving" ? [uploadKey(instead.id), ...indexOf(instead)] : [];
      const set = entriesOf(upload);
      const checks = claimOf(upload);
      if (upload.clientId === undefined) return await commit({ checks, set, remove });
      const key = clientKey(upload.owner, upload.clientId);
      const meant = instead === undefined ? { key, versionstamp: null } : await kv.get<string>(key);
      if (instead !== undefined && "value" in meant && meant.value !== instead.id) return false;
      return await commit({ checks: [...checks, meant], set: [...set, [key, upload.id]], remove });
    },

    async isClaimed(path) {
      return (await kv.get<string>(pathKey(path))).value !== null;
    },

    async replace(before, after) {
      const freed = after.state === "gone" ? await meaningOf(after) : [];
      const checks = claimOf(after, before);
      // An append changes no index: there is less to write before its bytes count.
      if (sameKeys(indexOf(before), indexOf(after))) {
        return await commit({ checks, set: [[uploadKey(after.id), after]], remove: freed });
      }
      return await commit({ checks, set: entriesOf(after), remove: [...indexOf(before), ...freed] });
    },

    async forget(upload) {
      await commit({ remove: [uploadKey(upload.id), ...indexOf(upload), ...await meaningOf(upload)] });
    },

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

const SERVICE_TIME: Deno.KvKey = ["service-time"];

/** The record, and the index under which it is found besides its id. */
function entriesOf(upload: Upload): NonNullable<Change["set"]> {
  return [[uploadKey(upload.id), upload], ...indexOf(upload).map((key) => [key, upload.id] as const)];
}

/** A finished upload claims its path; any other one is due some day. */
function indexOf(upload: Upload): Deno.KvKey[] {
  return [upload.state === "complete" ? pathKey(upload.path) : ["due", upload.dueAt, upload.id]];
}

function sameKeys(some: Deno.KvKey[], others: Deno.KvKey[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

/** A finished upload gets a path that no other one claims. */
function claimOf(upload: Upload, before?: Upload): Deno.AtomicCheck[] {
  if (upload.state !== "complete") return [];
  const hasIt = before?.state === "complete" && before.path === upload.path;
  return hasIt ? [] : [{ key: pathKey(upload.path), versionstamp: null }];
}

function uploadKey(id: string): Deno.KvKey {
  return ["upload", id];
}

function clientKey(owner: string, clientId: string): Deno.KvKey {
  return ["client", owner, ...keyPartsOf(clientId)];
}

function pathKey(path: string): Deno.KvKey {
  return ["path", ...keyPartsOf(path)];
}

/** As it is, for what comes together then lies together; where it could be too long for a key, its digest. */
function keyPartsOf(text: string): string[] {
  return text.length <= 256 ? [text] : ["", createHash("sha256").update(text).digest("base64url")];
}
