import type { EventType } from "../config/hook_values.ts";
import type { CompleteUpload, GoneUpload, ReceivingUpload, Upload } from "./upload.ts";

/** One thing that has happened to an upload, as its record was then. */
export interface UploadEvent {
  readonly type: EventType;
  readonly upload: UploadFacts;
}

/** The facts of an upload that an event tells. */
export interface UploadFacts {
  /** The upload's id, which is the end of its address. */
  readonly id: string;
  /** The owner of the upload. */
  readonly owner: string;
  /** The client's own id for the upload. */
  readonly clientId?: string;
  /** The name that the file is to get. Absent once it lies at a `path`. */
  readonly name?: string;
  /** The finished file's path below the folder of finished files. */
  readonly path?: string;
  /** The file's length in bytes, if it is known. */
  readonly length?: number;
  /** The safe bytes. */
  readonly offset?: number;
  /** The media type that the client told. */
  readonly type?: string;
  /** The client's metadata in the form of `Upload-Metadata` (tus 1.0.0, Creation). */
  readonly metadata?: string;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** In milliseconds since 1970. */
  readonly completedAt?: number;
}

/**
 * Tells what has happened to an upload whose record `before` became `after`; absent for a record that was not there, or
 * is no longer there. Partial uploads are parts of another one, and nothing is told of them.
 */
export function eventsOf(before: Upload | undefined, after: Upload | undefined): UploadEvent[] {
  const events: UploadEvent[] = [];
  const known = before ?? after;
  if (known === undefined || before?.state === "gone" || isPartial(before) || isPartial(after)) return events;
  if (before === undefined && after?.state !== "gone") events.push({ type: "upload.created", upload: factsOf(known) });
  if (after?.state === "complete" && before?.state !== "complete") {
    events.push({ type: "upload.completed", upload: factsOf(after) });
  }
  const end = endOf(after);
  if (before !== undefined && end !== undefined) events.push({ type: end, upload: factsOf(before) });
  return events;
}

function isPartial(upload: Upload | undefined): boolean {
  return upload?.state === "receiving" && upload.partial === true;
}

/** Bytes that were lost, or taken away by hand, are nothing that a client did: the log tells of these. */
function endOf(after: Upload | undefined): EventType | undefined {
  const reason: GoneUpload["reason"] | undefined = after === undefined
    ? "terminated"
    : after.state === "gone"
    ? after.reason
    : undefined;
  if (reason === "expired") return "upload.expired";
  return reason === "terminated" ? "upload.terminated" : undefined;
}

function factsOf(upload: ReceivingUpload | CompleteUpload | GoneUpload): UploadFacts {
  const { id, owner, clientId, createdAt } = upload;
  const own = { id, owner, ...clientId !== undefined && { clientId }, createdAt };
  if (upload.state === "gone") return own;
  const { type, metadata, length } = upload;
  const more = {
    ...own,
    ...length !== undefined && { length },
    ...type !== undefined && { type },
    ...metadata !== undefined && { metadata },
  };
  return upload.state === "complete"
    ? { ...more, path: upload.path, completedAt: upload.completedAt }
    : { ...more, name: upload.name, offset: upload.offset };
}
