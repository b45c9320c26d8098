import type { EventType } from "../config/hook_values.ts";
import type { UploadFacts } from "../model/event.ts";
import type { WaitingEvent } from "../storage/event_store.ts";

/** The facts of an upload that an event tells. Sizes are in bytes, times in the form of RFC 3339. */
export interface EventData extends Omit<UploadFacts, "createdAt" | "completedAt"> {
  /** The upload's address: a path alone where nobody told the server its public URL. */
  readonly url: string;
  /** When the upload began. */
  readonly createdAt: string;
  /** When its last byte came. */
  readonly completedAt?: string;
}

/** An event as a hook is told of it. docs/webhooks.md has an example. */
export interface EventMessage {
  /** The kind of the event. */
  readonly type: EventType;
  /** When it happened, in the form of RFC 3339. */
  readonly timestamp: string;
  /** The upload that it happened to. */
  readonly data: EventData;
}

/** Makes what a hook is told of an event. The upload's address is put behind `publicUrl`. */
export function messageFor({ type, at, upload }: WaitingEvent, publicUrl: string): EventMessage {
  const { createdAt, completedAt, ...facts } = upload;
  return {
    type,
    timestamp: new Date(at).toISOString(),
    data: {
      ...facts,
      url: `${publicUrl}/files/${upload.id}`,
      createdAt: new Date(createdAt).toISOString(),
      ...completedAt !== undefined && { completedAt: new Date(completedAt).toISOString() },
    },
  };
}

/** The text that a hook gets for an event, in JSON, as Standard Webhooks has it: `type`, `timestamp` and `data`. */
export function messageOf(event: WaitingEvent, publicUrl: string): string {
  return JSON.stringify(messageFor(event, publicUrl));
}
