import { createHash } from "node:crypto";
import type { Upload } from "../../model/upload.ts";

/** How the records are laid out now. */
const FORMAT = 2;

/** The keys of an upload as they are now. */
export interface Keys {
  clientKey(owner: string, clientId: string): Deno.KvKey;
  pathKey(path: string): Deno.KvKey;
}

/**
 * Brings the records of an earlier Pawl to the form that this one reads: its keys had digests of clients' ids and of paths
 * in them. Broken off, it goes on at the next start; done once, it costs one look.
 */
export async function upgrade(kv: Deno.Kv, { clientKey, pathKey }: Keys): Promise<void> {
  if ((await kv.get<number>(["format"])).value === FORMAT) return;

  async function move(from: Deno.KvKey, to: Deno.KvKey, id: string): Promise<void> {
    if ((await kv.get<string>(from)).value === id) await kv.atomic().delete(from).set(to, id).commit();
  }
  for await (const { value } of kv.list<Upload>({ prefix: ["upload"] })) {
    const { id, owner, clientId } = value;
    if (clientId !== undefined) await move(["client", owner, digestOf(clientId)], clientKey(owner, clientId), id);
    if (value.state === "complete") await move(["path", digestOf(value.path)], pathKey(value.path), id);
  }
  await kv.set(["format"], FORMAT);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
