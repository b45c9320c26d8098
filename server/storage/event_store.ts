import type { UploadEvent } from "../model/event.ts";

/** An event that waits to be given to the hooks. */
export interface WaitingEvent extends UploadEvent {
  /** The event's id, the same at each delivery. Ids of later events are greater. */
  readonly id: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

/** An event that one hook has still to hear of. */
export interface Delivery {
  /** The name of the hook. */
  readonly hook: string;
  readonly event: WaitingEvent;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it is tried next, in milliseconds since 1970. */
  readonly dueAt: number;
  /** Why the last attempt failed, in one line. */
  readonly problem?: string;
}

/**
 * The queue of events. An event is written in the commit of the record that it tells of, then dealt to the hooks, and
 * kept for each of them until it is delivered. Every change is one commit.
 */
export interface EventStore {
  /** The oldest events that were not dealt yet, at most `limit`. */
  undealt(limit: number): Promise<WaitingEvent[]>;
  /** All events that were not dealt yet, the oldest first. The cost follows how many are read. */
  allUndealt(): AsyncIterable<WaitingEvent>;
  /** Makes a delivery of an event for each of these hooks, due at once. */
  deal(event: WaitingEvent, hooks: readonly string[]): Promise<void>;
  /** The deliveries of a hook that are due at `now`, the longest due first, at most `limit`. */
  due(hook: string, now: number, limit: number): Promise<Delivery[]>;
  /** The first delivery of a hook that tells of an upload. Later ones wait for it. */
  first(hook: string, uploadId: string): Promise<Delivery | undefined>;
  /** Replaces a delivery, or removes it if `after` is absent. False when it is not there any more. */
  change(delivery: Delivery, after?: Delivery): Promise<boolean>;
  /** The deliveries of a hook, or of all, in no order that matters. The cost follows how many are read. */
  all(hook?: string): AsyncIterable<Delivery>;
  /** When a hook answered that it wants no events any more, in milliseconds since 1970. */
  disabledAt(hook: string): Promise<number | undefined>;
  /** Remembers, or forgets, that a hook wants no events any more. */
  setDisabled(hook: string, at: number | undefined): Promise<void>;
}
