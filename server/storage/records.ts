import { encodeBase64Url } from "@std/encoding/base64url";
import type { Upload } from "../uploads/upload.ts";
import type { RecordStore } from "./store.ts";

/** Attempts at one commit while another process holds the database; with the pauses between them, about 3 s. */
const MAX_ATTEMPTS = 40;

/** Opens the records in the Deno KV database at `path` (`:memory:` for one that forgets), made where there is none. */
export async function openRecords(path: string): Promise<RecordStore> {
  const kv = await Deno.openKv(path);

  async function get(id: string): Promise<Upload | undefined> {
    return (await kv.get<Upload>(uploadKey(id))).value ?? undefined;
  }

  return {
    get,

    async findByClient(owner, clientId) {
      const { value } = await kv.get<string>(await clientKey(owner, clientId));
      return value === null ? undefined : await get(value);
    },

    async create(upload, instead) {
      const client = upload.clientId === undefined ? undefined : await clientKey(upload.owner, upload.clientId);
      const meant = client === undefined ? undefined : await kv.get<string>(client);
      if ((meant?.value ?? undefined) !== instead?.id) return false;
      return await committed(() => {
        const atomic = kv.atomic().set(uploadKey(upload.id), upload).set(dueKey(upload), upload.id);
        if (client !== undefined && meant !== undefined) atomic.check(meant).set(client, upload.id);
        if (instead?.state === "receiving") atomic.delete(uploadKey(instead.id)).delete(dueKey(instead));
        return atomic;
      });
    },

    async isClaimed(path) {
      return (await kv.get<string>(await pathKey(path))).value !== null;
    },

    async replace(before, after) {
      const client = after.state === "gone" ? await keyOfClient(after) : undefined;
      const freed = before.state === "complete" ? await pathKey(before.path) : undefined;
      const claimed = after.state === "complete" ? await pathKey(after.path) : undefined;
      const meant = client === undefined ? undefined : await kv.get<string>(client);
      await committed(() => {
        const atomic = kv.atomic();
        if (before.state !== "complete") atomic.delete(dueKey(before));
        atomic.set(uploadKey(after.id), after);
        if (after.state !== "complete") atomic.set(dueKey(after), after.id);
        if (freed !== undefined) atomic.delete(freed);
        if (claimed !== undefined) atomic.set(claimed, after.id);
        if (client !== undefined && meant?.value === after.id) atomic.delete(client);
        return atomic;
      });
    },

    async forget(upload) {
      const client = await keyOfClient(upload);
      const freed = upload.state === "complete" ? await pathKey(upload.path) : undefined;
      const meant = client === undefined ? undefined : await kv.get<string>(client);
      await committed(() => {
        const atomic = kv.atomic().delete(uploadKey(upload.id));
        if (upload.state !== "complete") atomic.delete(dueKey(upload));
        if (freed !== undefined) atomic.delete(freed);
        if (client !== undefined && meant?.value === upload.id) atomic.delete(client);
        return atomic;
      });
    },

    async *due(now) {
      for await (const { value } of kv.list<string>({ prefix: ["due"], end: ["due", now + 1] })) yield value;
    },

    [Symbol.dispose]: () => kv.close(),
  };
}

function uploadKey(id: string): Deno.KvKey {
  return ["upload", id];
}

function dueKey(upload: { id: string; dueAt: number }): Deno.KvKey {
  return ["due", upload.dueAt, upload.id];
}

/** A client's id may be longer than a key: its digest stands for it. */
async function clientKey(owner: string, clientId: string): Promise<Deno.KvKey> {
  return ["client", owner, await digestOf(clientId)];
}

/** So may a path. */
async function pathKey(path: string): Promise<Deno.KvKey> {
  return ["path", await digestOf(path)];
}

async function digestOf(text: string): Promise<string> {
  return encodeBase64Url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function keyOfClient(upload: Upload): Promise<Deno.KvKey | undefined> {
  return upload.clientId === undefined ? undefined : await clientKey(upload.owner, upload.clientId);
}

/**
 * Commits what `build` makes; false when a check of it failed. A commit that meets one of another process throws
 * "database is locked" in Deno 2.9 instead of waiting, and has then done nothing: it is tried again.
 */
async function committed(build: () => Deno.AtomicOperation): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    try {
      return (await build().commit()).ok;
    } catch (error) {
      const locked = error instanceof Error && error.message.includes("database is locked");
      if (!locked || attempt === MAX_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(5 * attempt, 150)));
    }
  }
}
