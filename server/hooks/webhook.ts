import { createHash } from "node:crypto";
import type { EventType } from "../config/hook_values.ts";
import type { Hook, Outcome } from "./hook.ts";
import { messageOf } from "./message.ts";
import { type Answer, post } from "./post.ts";
import { parseRetryAfter } from "./retries.ts";
import { signedHeaders } from "./signature.ts";

/** The parts of a webhook. */
export interface WebhookOptions {
  readonly url: URL;
  readonly secret: Uint8Array;
  readonly types: ReadonlySet<EventType>;
  readonly publicUrl: string;
  /** True for an address that the receiver may have. */
  readonly allows: (address: string) => boolean;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** How long a receiver has for its answer. */
const TIMEOUT_MS = 30_000;

/** How long the body of an answer is read, which nobody looks at: only so that most receivers end well. */
const BODY_MS = 1000;

/** Makes the hook that posts events to a URL, signed as Standard Webhooks 1.0.0 says. */
export function createWebhook(
  { url, secret, types, publicUrl, allows, now, timeoutMs = TIMEOUT_MS }: WebhookOptions,
): Hook {
  return {
    name: webhookName(url),
    wants: (type) => types.has(type),
    async deliver(event, stop) {
      const body = messageOf(event, publicUrl);
      const headers = {
        "content-type": "application/json",
        "user-agent": "Pawl",
        ...signedHeaders({ id: event.id, body, at: now() }, secret),
      };
      const late = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await post({ url, headers, body }, {
          allows,
          stop: AbortSignal.any([stop, late]),
          bodyMs: BODY_MS,
        });
        return outcomeOf(answer, now());
      } catch (error) {
        const problem = late.aborted ? `No answer in ${timeoutMs / 1000} s` : lineOf(error);
        return { kind: "failed", problem };
      }
    },
  };
}

/** The name of a webhook. Nobody can read a secret in the URL's path or query from it. */
export function webhookName(url: URL): string {
  return `${url.host}-${createHash("sha256").update(url.href).digest("hex").slice(0, 8)}`;
}

/** The meaning of an answer (Standard Webhooks, "Deliverability and reliability"): any 2xx is a success. */
export function outcomeOf({ status, headers }: Pick<Answer, "status" | "headers">, now: number): Outcome {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 410) return { kind: "gone" };
  const retryAfterMs = parseRetryAfter(headers["retry-after"], now);
  return { kind: "failed", problem: `Answered ${status}`, ...retryAfterMs !== undefined && { retryAfterMs } };
}

function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}
