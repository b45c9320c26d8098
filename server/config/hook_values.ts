import { Buffer } from "node:buffer";

/** The types of events in the words of webhooks, in the order in which they happen to one upload. */
export const EVENT_TYPES = [
  "upload.created",
  "upload.completed",
  "upload.expired",
  "upload.terminated",
] as const satisfies readonly EventType[];

/** The kind of an event: an upload began, its file is finished, it was removed for its age, or somebody has ended it. */
export type EventType = "upload.created" | "upload.completed" | "upload.expired" | "upload.terminated";

/** Reads the URL of a webhook. A comma would end it in a list, so it is written as `%2C`. */
export function parseWebhookUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.hash === ""
    ? url.href
    : undefined;
}

/** Reads the name of an event. */
export function parseEventType(text: string): string | undefined {
  return EVENT_TYPES.find((type) => type === text);
}

/** The fewest and the most bytes of a secret (Standard Webhooks, "Signature scheme"). */
const [SHORTEST, LONGEST] = [24, 64];

/** Reads a secret in the form `whsec_` and base64; `undefined` for anything else. */
export function parseSecret(text: string): Uint8Array | undefined {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return undefined;
  const secret = new Uint8Array(Buffer.from(base64, "base64"));
  return secret.length >= SHORTEST && secret.length <= LONGEST ? secret : undefined;
}
