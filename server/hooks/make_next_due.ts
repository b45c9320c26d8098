import type { EventStore } from "../storage/event_store.ts";

/**
 * Makes the next delivery of an upload due at `now`, once the one before it has ended: it was put off as long as that
 * one was. To be called when the one before was tried before, or dropped.
 */
export async function makeNextDue(store: EventStore, hook: string, uploadId: string, now: number): Promise<void> {
  const next = await store.first(hook, uploadId);
  if (next !== undefined && next.dueAt > now) await store.change(next, { ...next, dueAt: now });
}
