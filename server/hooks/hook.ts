import type { EventType } from "../config/hook_values.ts";
import type { WaitingEvent } from "../storage/event_store.ts";

/** The outcome of one attempt to deliver an event. */
export type Outcome =
  | { readonly kind: "delivered" }
  /** The hook wants no events any more. */
  | { readonly kind: "gone" }
  /**
   * It is tried again. `problem` says in one line what was wrong, `retryAfterMs` when the hook wants the next attempt.
   */
  | { readonly kind: "failed"; readonly problem: string; readonly retryAfterMs?: number };

/**
 * How attempts to deliver end: `failed` is made again later, `given-up` never; after `disabled` the hook gets no events
 * any more.
 */
export const ATTEMPT_ENDS = ["delivered", "failed", "given-up", "disabled"] as const;

/** One of {@linkcode ATTEMPT_ENDS}. */
export type AttemptEnd = typeof ATTEMPT_ENDS[number];

/** A URL or a program that hears of what happens to uploads. */
export interface Hook {
  /** A name that stays the same over restarts, and tells no secret of the hook's address. */
  readonly name: string;
  wants(type: EventType): boolean;
  /** Tries once to deliver an event. Ends soon after `stop` aborts. Never throws. */
  deliver(event: WaitingEvent, stop: AbortSignal): Promise<Outcome>;
}
