import { newUpload, type ReceivingUpload } from "../../server/model/upload.ts";
import type { Quota } from "../../server/uploads/quota.ts";
import type { AccessSite, SentHeaders } from "./access_site.ts";
import type { Answer } from "./ask.ts";

export const TUS = { "Tus-Resumable": "1.0.0" };
/** The headers of a body of tus. */
export const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

/** Begins an upload by tus. */
export function create(site: AccessSite, headers: SentHeaders): Promise<Answer> {
  return site.ask("POST /files/", { ...TUS, ...headers });
}

/** Sends a file of so many bytes by the simple protocol. */
export function simple(site: AccessSite, who: SentHeaders, id: string, length: number): Promise<Answer> {
  return site.ask("POST /upload", { ...who, "X-File-Id": id }, { body: "x".repeat(length) });
}

/** The record of an upload of Anna's. */
export function upload(id: string, length: number, more: Partial<ReceivingUpload> = {}): ReceivingUpload {
  const facts = { owner: "anna", name: id, folders: [], length };
  const at = { id, now: 0, serviceNow: 0, expireAfterMs: 100, boot: "", durable: true };
  return { ...newUpload(facts, at), ...more };
}

/** The bytes that Anna has, as the server counts. */
export async function usedByAnna(quota: Quota): Promise<number | undefined> {
  return (await quota.usedBy({ owner: "anna" }))?.bytes;
}

/** The bytes that an owner has, as `GET /api/limits` tells. */
export async function used(site: AccessSite, who: SentHeaders): Promise<number | undefined> {
  return JSON.parse((await site.ask("GET /api/limits", who)).text).used;
}
