import { createHash } from "node:crypto";
import { byteLength } from "../../model/names.ts";
import { ConfigError } from "../../config/config_error.ts";
import type { SameName } from "../../model/same_name.ts";
import type { Upload } from "../../model/upload.ts";
import type { Database, Entries } from "./database.ts";
import { sourceOfMove } from "./moving.ts";

/** The version of the records' layout, which is the table in `record_keys.ts`. */
const FORMAT = 6;

/**
 * The bytes of the keys that one commit changes. Deno KV takes 80 KiB at most, and 1000 keys, so each counts as {@linkcode
 * KEY_COSTS} more.
 */
const COMMIT_KEY_BYTES = 64 * 1024;
const KEY_COSTS = 80;

/** Makes the keys of this version. */
export interface Keys {
  clientKey(owner: string, clientId: string): Deno.KvKey;
  pathKey(path: string): Deno.KvKey;
  listedAs(upload: Upload): Deno.KvKey[];
}

/**
 * Upgrades the records of an earlier version. Version 1 had digests of clients' ids and paths in its keys. Version 2
 * had paths in its keys that `sameName` had not changed. They are changed too when the data moves between a disk that
 * ignores case and one that does not. Version 3 had no lists of owners, version 4 none of their folders, and version 5
 * none of links. An interrupted upgrade goes on at the next start. Later starts read one entry. Records of a later version are
 * not touched: throws {@linkcode ConfigError}.
 */
export async function upgrade(
  { kv, commit }: Database,
  { clientKey, pathKey, listedAs }: Keys,
  sameName: SameName,
): Promise<void> {
  const disk = sameName("A");
  const format = formatOn(sameName);
  const { value: before } = await kv.get<number | string>(["format"]);
  if (before === format) return;
  const movedFrom = sourceOfMove(before);
  if (movedFrom !== undefined) {
    throw new ConfigError(
      `The move from ${movedFrom} to this place is not finished: run the same pawl move again, and start the server after it`,
    );
  }
  if (before === null) await moveClients();
  const [version, diskBefore] = String(before ?? 1).split(" ");
  if (!(Number(version) <= FORMAT)) {
    throw new ConfigError(
      `The records have format ${version}, and this version of Pawl knows those up to ${FORMAT}: start the newer version ` +
        "again, or one on a backup from before the upgrade",
    );
  }
  if (Number(version) < 3 || diskBefore !== disk) await movePaths();
  if (Number(version) < FORMAT || diskBefore !== disk) await listOwners();
  await commit({ set: [[["format"], format]] });

  async function moveClients(): Promise<void> {
    for await (const { value: { id, owner, clientId } } of kv.list<Upload>({ prefix: ["upload"] })) {
      if (clientId === undefined) continue;
      const from = ["client", owner, digestOf(clientId)];
      if ((await kv.get<string>(from)).value !== id) continue;
      await commit({ remove: [from], set: [[clientKey(owner, clientId), id]] });
    }
  }

  async function listOwners(): Promise<void> {
    let [remove, set]: [Deno.KvKey[], [Deno.KvKey, string][]] = [[], []];
    let room = COMMIT_KEY_BYTES;
    for await (const { key } of kv.list({ prefix: ["in"] })) {
      remove.push(key);
      await changed(key);
    }
    for await (const { value: upload } of kv.list<Upload>({ prefix: ["upload"] })) {
      for (const key of listedAs(upload)) {
        set.push([key, upload.id]);
        await changed(key);
      }
    }
    await commit({ remove, set });

    async function changed(key: Deno.KvKey): Promise<void> {
      room -= byteLength(key.join("")) + KEY_COSTS;
      if (room > 0) return;
      await commit({ remove, set });
      [remove, set] = [[], []];
      room = COMMIT_KEY_BYTES;
    }
  }

  async function movePaths(): Promise<void> {
    for await (const { key, value: id } of kv.list<string>({ prefix: ["path"] })) {
      const { value: upload } = await kv.get<Upload>(["upload", id]);
      const to = upload?.state === "complete" ? pathKey(upload.path) : undefined;
      if (to !== undefined && nameOf(to) === nameOf(key)) continue;
      // Two paths may have one key in this version. The first one keeps the claim.
      const isFree = to !== undefined && (await kv.get(to)).value === null;
      await commit({ remove: [key], set: isFree ? [[to, id]] : [] });
    }
  }
}

/** True when the records have the layout of this version, on a disk with the same idea of names. */
export async function isUpToDate(kv: Pick<Entries, "get">, sameName: SameName): Promise<boolean> {
  return (await kv.get<number | string>(["format"])).value === formatOn(sameName);
}

/** The format of records of this version, on a disk with this idea of names: the value of `["format"]`. */
export function formatOn(sameName: SameName): string {
  return `${FORMAT} ${sameName("A")}`;
}

function nameOf(key: Deno.KvKey): string {
  return JSON.stringify(key);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
