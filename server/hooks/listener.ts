import type { EventType } from "../config/hook_values.ts";
import type { Hook, Outcome } from "./hook.ts";
import { type EventMessage, messageFor } from "./message.ts";

/**
 * Hears of what happens to uploads. When it resolves, the event is delivered; when it throws, it gets the event again
 * later. It should end soon after `stop` aborts: the server closes then, and delivers the event again after the next
 * start.
 */
export type UploadListener = (event: EventMessage, stop: AbortSignal) => Promise<void> | void;

/** The parts of a hook that calls a function. */
export interface ListenerOptions {
  /** The name under which the events that it has still to hear of are kept. */
  readonly name: string;
  readonly listener: UploadListener;
  readonly types: ReadonlySet<EventType>;
  /** The text before the path in the upload's address. */
  readonly publicUrl: string;
  /** How long the function may take before it counts as failed, in milliseconds. Nothing can end it. */
  readonly timeoutMs: number;
}

/** Makes the hook that calls a function of the program around the server. */
export function createListenerHook({ name, listener, types, publicUrl, timeoutMs }: ListenerOptions): Hook {
  return {
    name: `function-${name}`,
    wants: (type) => types.has(type),
    async deliver(event, stop) {
      const late = AbortSignal.timeout(timeoutMs);
      const ended = AbortSignal.any([stop, late]);
      const over = Promise.withResolvers<Outcome>();
      const problem = () => late.aborted ? `Still ran after ${timeoutMs / 1000} s` : "The server closes";
      const end = () => over.resolve({ kind: "failed", problem: problem() });
      ended.addEventListener("abort", end);
      if (ended.aborted) end();
      const called = (async (): Promise<Outcome> => {
        await listener(messageFor(event, publicUrl), ended);
        return { kind: "delivered" };
      })().catch((error): Outcome => ({ kind: "failed", problem: lineOf(error) }));
      try {
        return await Promise.race([over.promise, called]);
      } finally {
        ended.removeEventListener("abort", end);
      }
    },
  };
}

/** The error in one line. A program may throw anything, also what has no text. */
function lineOf(error: unknown): string {
  let text: string;
  try {
    text = String(error instanceof Error ? error.message : error);
  } catch {
    text = "It threw something that has no text";
  }
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}
