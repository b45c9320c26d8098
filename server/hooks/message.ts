import type { WaitingEvent } from "../storage/event_store.ts";

/**
 * The text that a hook gets for an event, in JSON, as Standard Webhooks has it: `type`, `timestamp` and `data`. The
 * upload's address is put behind `publicUrl`. Sizes are in bytes.
 */
export function messageOf({ type, at, upload }: WaitingEvent, publicUrl: string): string {
  const { createdAt, completedAt, ...facts } = upload;
  return JSON.stringify({
    type,
    timestamp: new Date(at).toISOString(),
    data: {
      ...facts,
      url: `${publicUrl}/files/${upload.id}`,
      createdAt: new Date(createdAt).toISOString(),
      ...completedAt !== undefined && { completedAt: new Date(completedAt).toISOString() },
    },
  });
}
