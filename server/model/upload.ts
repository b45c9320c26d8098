import type { Digest } from "./digest.ts";

/** What a client says of a file before its bytes come. */
export interface FileFacts {
  /** Whose upload it is: ids of a client's own making are looked up within it, never across. */
  readonly owner: string;
  /** The client's own name for the upload (the simple protocol's `X-File-Id`); opaque. */
  readonly clientId?: string;
  /** The cleaned name that the finished file will have, where nothing else has it already. */
  readonly name: string;
  /** The cleaned names of the folders that the finished file will lie in, outermost first. */
  readonly folders: readonly string[];
  /** The file's media type as the client told it. */
  readonly type?: string;
  /** When the file was last modified, in milliseconds since 1970. */
  readonly modifiedAt?: number;
  /** The file's size in bytes, where it is known. */
  readonly length?: number;
  /** Digests of the whole file, to be checked before it appears. */
  readonly digests?: readonly Digest[];
  /** What its client wants to be told again about the file (tus' `Upload-Metadata`), as it was sent. */
  readonly metadata?: string;
  /** A part of a file: whole, it waits to be concatenated with others, and never appears by itself. */
  readonly partial?: true;
  /** What the file is concatenated of, where its bytes do not come from a client. */
  readonly concat?: Concat;
}

/** What a file is concatenated of. */
export interface Concat {
  /** In their order; one may come more than once. */
  readonly partials: readonly PartialUpload[];
  /** As the client sent it. */
  readonly asSent: string;
}

/** A partial upload that was whole. */
export interface PartialUpload {
  readonly id: string;
  readonly length: number;
}

interface Identified {
  /** 128 random bits, base64url; made by the server. */
  readonly id: string;
  readonly owner: string;
  readonly clientId?: string;
  /** In milliseconds since 1970, as the machine's clock showed it; what is due is in service time instead. */
  readonly createdAt: number;
}

/** An upload whose bytes are still coming. */
export interface ReceivingUpload extends Identified, FileFacts {
  readonly state: "receiving";
  /** The bytes that are written and flushed: the promise. The file may be longer by what is not flushed yet. */
  readonly offset: number;
  /** The bytes of the file past `offset` are not to be trusted and are cut off before anything is appended. */
  readonly cutBack?: true;
  /** The run of the machine in which this was recorded: when it has ended, the bytes past `offset` are not to be trusted. */
  readonly boot: string;
  /** Recorded without a flush: when that run of the machine has ended, none of its bytes is to be trusted. */
  readonly relaxed?: true;
  /** The service time at which its last byte came: it expires a fixed time after it. */
  readonly lastByteAt: number;
  /** The service time at which the sweeper looks at it next: never later than it expires. */
  readonly dueAt: number;
}

/** An upload whose file is whole and lies under its name. */
export interface CompleteUpload extends Identified {
  readonly state: "complete";
  readonly length: number;
  /** Where the file lies, below the folder of finished files, with `/` between the parts. */
  readonly path: string;
  /** What the byte store knows the file by, should another one lie in its place; earlier versions did not record it. */
  readonly identity?: string;
  readonly type?: string;
  readonly completedAt: number;
  /** The digests of the whole file that were checked when it was finished. */
  readonly digests?: readonly Digest[];
  readonly metadata?: string;
  /** What the file was concatenated of, as the client sent it. */
  readonly concat?: Pick<Concat, "asSent">;
}

/** What is remembered for a while of an upload that was given up, expired or lost, or whose file was taken away. */
export interface GoneUpload extends Identified {
  readonly state: "gone";
  readonly reason: "terminated" | "expired" | "lost" | "concatenated" | "taken";
  /** How many bytes it has given to another upload, where it was concatenated. */
  readonly given?: number;
  /** The service time at which it is forgotten. */
  readonly dueAt: number;
}

export type Upload = ReceivingUpload | CompleteUpload | GoneUpload;

/** How many bytes of it the server holds safely. */
export function safeBytes(upload: ReceivingUpload | CompleteUpload): number {
  return upload.state === "complete" ? upload.length : upload.offset;
}

/** True when every byte is there, though the file may not have been placed yet. */
export function hasAllBytes(upload: ReceivingUpload): boolean {
  return upload.offset === upload.length;
}

/** True when every byte is there of a file that is to appear. */
export function canAppear(upload: ReceivingUpload): boolean {
  return hasAllBytes(upload) && upload.partial === undefined;
}

/** The service time at which an unfinished upload expires, unless more bytes come before. */
export function expiresAt({ lastByteAt }: ReceivingUpload, expireAfterMs: number): number {
  return lastByteAt + expireAfterMs;
}

/** The record of an upload that begins now. */
export function newUpload(
  facts: FileFacts,
  at: { id: string; now: number; serviceNow: number; expireAfterMs: number; boot: string; durable: boolean },
): ReceivingUpload {
  return {
    ...facts,
    state: "receiving",
    id: at.id,
    createdAt: at.now,
    offset: 0,
    boot: at.boot,
    ...!at.durable && { relaxed: true },
    lastByteAt: at.serviceNow,
    dueAt: at.serviceNow + at.expireAfterMs,
  };
}

/** The record of an unfinished upload as it is written now: it tells of what is there in this run of the machine. */
export function written(
  upload: ReceivingUpload,
  { boot, durable, serviceNow }: { boot: string; durable: boolean; serviceNow: () => number },
): ReceivingUpload {
  const { relaxed: _, ...rest } = upload;
  return { ...rest, boot, ...!durable && { relaxed: true }, lastByteAt: serviceNow() };
}

/** What the record becomes when the file lies at `path`, and is known by `identity`. */
export function completed(upload: ReceivingUpload, path: string, now: number, identity?: string): CompleteUpload {
  return {
    ...identityOf(upload),
    state: "complete",
    length: upload.offset,
    path,
    ...identity !== undefined && { identity },
    ...upload.type !== undefined && { type: upload.type },
    ...upload.digests !== undefined && { digests: upload.digests },
    ...upload.metadata !== undefined && { metadata: upload.metadata },
    ...upload.concat !== undefined && { concat: { asSent: upload.concat.asSent } },
    completedAt: now,
  };
}

/** What the record becomes when there is nothing left of the upload but the memory that it was there. */
export function gone(
  upload: ReceivingUpload | CompleteUpload,
  reason: GoneUpload["reason"],
  forgetAt: number,
): GoneUpload {
  return {
    ...identityOf(upload),
    state: "gone",
    reason,
    ...reason === "concatenated" && { given: safeBytes(upload) },
    dueAt: forgetAt,
  };
}

function identityOf({ id, owner, clientId, createdAt }: Identified): Identified {
  return { id, owner, ...clientId !== undefined && { clientId }, createdAt };
}
