import { createHmac } from "node:crypto";

/** The headers by which a receiver knows that a message came from this server, just now (Standard Webhooks 1.0.0). */
export function signedHeaders(
  { id, body, at }: { id: string; body: string; at: number },
  secret: Uint8Array,
): Record<string, string> {
  const seconds = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": `v1,${signature}` };
}
