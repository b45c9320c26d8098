import { defined } from "../defined.ts";
import type { Digest, DigestAlgorithm } from "./digest.ts";

/** The limits of everything that comes by an upload link. An absent limit is none. */
export interface LinkLimits {
  /** The most files, unfinished ones too. The parts of a concatenation are not counted apart. */
  readonly maxFiles?: number;
  /** The most bytes of all files together. */
  readonly totalBytes?: number;
}

/** The facts that a client tells of a file before its bytes come. */
export interface FileFacts {
  /** The owner of the upload. A client's id is looked up among the uploads of one owner only. */
  readonly owner: string;
  /** The client's id: the client's own name for the upload (`X-File-Id` of the simple protocol). Opaque. */
  readonly clientId?: string;
  /** The clean name that the finished file gets, unless another file has it already. */
  readonly name: string;
  /** The clean names of the folders that the finished file is placed in, outermost first. */
  readonly folders: readonly string[];
  /** The file's media type, from the client. */
  readonly type?: string;
  /** When the file was last modified, in milliseconds since 1970. */
  readonly modifiedAt?: number;
  /** The file's length in bytes, if it is known. */
  readonly length?: number;
  /** Digests of the whole file. They are checked before the upload becomes complete. */
  readonly digests?: readonly Digest[];
  /** The algorithm of a digest that the client wants of the whole file, besides those that it has given. */
  readonly wantedDigest?: DigestAlgorithm;
  /** The address that began the upload, as far as one client has it for itself; absent when nobody is counted by it. */
  readonly from?: string;
  /** The largest length in bytes that the upload may get, if its owner has a limit besides the server's. */
  readonly maxBytes?: number;
  /** The most bytes in all that the upload's owner may keep, if the token says so. */
  readonly quotaBytes?: number;
  /** The limits of the upload link by which the upload came, if it came by one. */
  readonly link?: LinkLimits;
  /** The place that the sender wanted, by which an upload link's visitor knows the file: it never sees the final one. */
  readonly sentAs?: string;
  /**
   * The client's metadata for the file, in the form of `Upload-Metadata` (tus 1.0.0, Creation): as a client of tus sent
   * it, or made of `X-File-Metadata`. Answers of tus repeat it.
   */
  readonly metadata?: string;
  /** True when all bytes of its length do not finish the upload: its client still has to say that it is at its end. */
  readonly awaitsEnd?: true;
  /** True for a partial upload: its bytes become a part of a final upload, and it is never placed itself. */
  readonly partial?: true;
  /** The partial uploads of a final upload. Absent for an upload whose bytes come from a client. */
  readonly concat?: Concat;
}

/** The partial uploads that a file is concatenated of. */
export interface Concat {
  /** The partial uploads in the file's order. One may come more than once. */
  readonly partials: readonly PartialUpload[];
  /** The client's `Upload-Concat` as it was sent. */
  readonly asSent: string;
}

/** A partial upload that had all its bytes when the final upload was begun. */
export interface PartialUpload {
  readonly id: string;
  readonly length: number;
}

interface Identified {
  /** The upload's id: 128 random bits in base64url, made by the server. */
  readonly id: string;
  readonly owner: string;
  readonly clientId?: string;
  /** When the upload began by the machine's clock, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** The record of an unfinished upload. */
export interface ReceivingUpload extends Identified, FileFacts {
  readonly state: "receiving";
  /** How many bytes are flushed (I1, I2). The file may be longer by bytes that are not flushed yet. */
  readonly offset: number;
  /** True after a roll back: bytes past `offset` do not count, and are cut off before anything is appended (I10). */
  readonly cutBack?: true;
  /** The boot in which this was recorded. In a later boot, bytes past `offset` do not count (I11). */
  readonly boot: string;
  /** True when `offset` was recorded without a flush (`--durability relaxed`). In a later boot no byte counts (I11). */
  readonly relaxed?: true;
  /** The service time at which the last byte came. The upload expires a fixed time after it. */
  readonly lastByteAt: number;
  /** The service time at which the sweeper looks at this upload next. Never later than it expires. */
  readonly dueAt: number;
}

/** The record of a complete upload: all bytes came, and the file lies, or is about to lie, at `path` (I4). */
export interface CompleteUpload extends Identified {
  readonly state: "complete";
  readonly length: number;
  /** The finished file's path below the folder of finished files, with `/` between the segments. */
  readonly path: string;
  /** The file's identity (I9). Absent in records of earlier versions. */
  readonly identity?: string;
  readonly type?: string;
  readonly completedAt: number;
  /** The most bytes in all that the owner might keep when the upload began, if its token said so. */
  readonly quotaBytes?: number;
  /** The limits of the upload link by which the upload came. */
  readonly link?: LinkLimits;
  /** The place that an upload link's visitor wanted. */
  readonly sentAs?: string;
  /** The digests of the whole file: those that were checked before the upload became complete, and the wanted one. */
  readonly digests?: readonly Digest[];
  readonly metadata?: string;
  /** The `Upload-Concat` of a final upload as the client sent it. */
  readonly concat?: Pick<Concat, "asSent">;
}

/** The record of an upload that is over. It is kept for a while. The bytes of the upload are gone. */
export interface GoneUpload extends Identified {
  readonly state: "gone";
  /**
   * Why: a client terminated it; it expired; bytes were lost on disk; a final upload has its bytes; or a person took
   * the file away.
   */
  readonly reason: "terminated" | "expired" | "lost" | "concatenated" | "taken";
  /** How many bytes a concatenated partial upload gave to its final upload. */
  readonly given?: number;
  /** The service time at which this record is removed. */
  readonly dueAt: number;
}

export type Upload = ReceivingUpload | CompleteUpload | GoneUpload;

/** The upload's offset: how many bytes the server holds safely. */
export function safeBytes(upload: ReceivingUpload | CompleteUpload): number {
  return upload.state === "complete" ? upload.length : upload.offset;
}

/** The bytes that an unfinished upload has or will have, as far as it is known. */
export function reservedBytes({ length = 0, offset }: ReceivingUpload): number {
  return Math.max(length, offset);
}

/** The largest length in bytes that an upload may get on a server that takes files of up to `maxBytes`. */
export function largest(upload: Pick<FileFacts, "maxBytes">, maxBytes: number): number {
  return Math.min(upload.maxBytes ?? Infinity, maxBytes);
}

/** True when an unfinished upload has all its bytes. */
export function hasAllBytes(upload: ReceivingUpload): boolean {
  return upload.offset === upload.length;
}

/** True when an unfinished upload has all its bytes and is not a partial one: it can be finished, if its client wants it. */
export function isWhole(upload: ReceivingUpload): boolean {
  return hasAllBytes(upload) && upload.partial === undefined;
}

/** True when nothing but finishing is left to do for an unfinished upload. */
export function canFinish(upload: ReceivingUpload): boolean {
  return isWhole(upload) && upload.awaitsEnd === undefined;
}

/** The service time at which an unfinished upload expires if no more bytes come. */
export function expiresAt({ lastByteAt }: ReceivingUpload, expireAfterMs: number): number {
  return lastByteAt + expireAfterMs;
}

/** Makes the record of an upload that begins now. */
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

/** Stamps the record of an unfinished upload with the boot, the durability and the time of this change. */
export function written(
  upload: ReceivingUpload,
  { boot, durable, serviceNow }: { boot: string; durable: boolean; serviceNow: () => number },
): ReceivingUpload {
  const { relaxed: _, ...rest } = upload;
  return { ...rest, boot, ...!durable && { relaxed: true }, lastByteAt: serviceNow() };
}

/** Makes the complete record of an upload whose file is to lie at `path`. */
export function completed(upload: ReceivingUpload, path: string, now: number, identity?: string): CompleteUpload {
  const { type, digests, metadata, concat, quotaBytes, link, sentAs } = upload;
  return {
    ...identityOf(upload),
    state: "complete",
    length: upload.offset,
    path,
    ...defined({
      identity,
      type,
      digests,
      metadata,
      concat: concat && { asSent: concat.asSent },
      quotaBytes,
      link,
      sentAs,
    }),
    completedAt: now,
  };
}

/** Makes the record that says why an upload is over, to be removed at the service time `forgetAt`. */
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
  return { id, owner, createdAt, ...defined({ clientId }) };
}
