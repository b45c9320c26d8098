import { UploadError } from "../errors.ts";
import { agree, type Agreed, type Announced, checkSize, tellsMore, tooLong } from "../model/agree.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { type Digest, DigestCheck } from "../model/digest.ts";
import { diskFailed, diskFull, diskTrouble } from "./disk_trouble.ts";
import { appear, checkDigests } from "./finish.ts";
import type { OpenUpload } from "./open_upload.ts";
import { type Parts, RATE_GRACE_MS } from "./parts.ts";
import { type End, receive, type Received } from "../receiving/receive.ts";
import type { Lease } from "./locks.ts";
import { canAppear, type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";

/** What the database needs of a disk that is full to record the counts of many uploads. */
const ROOM_FOR_RECORDS = 256 * 1024;

/** A request to append a body to an upload. */
export interface AppendRequest extends Announced {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Digests of this body. */
  readonly bodyDigests?: readonly Digest[];
  /** A body from byte 0 must not begin anew where there are bytes of this file: it may be the repetition of an earlier one. */
  readonly neverStartsOver?: boolean;
}

/** What became of a request to append. Every byte that `upload` counts is on disk. */
export interface Appended {
  readonly upload: ReceivingUpload | CompleteUpload;
  readonly end: End;
}

/**
 * Appends a body to an open upload, and finishes the file when its last byte is there. However the body ends, what came
 * of it is flushed and recorded before this returns; only a body that is refused, because it is too long or not what
 * its digest says, is taken back whole. Throws refusals and what the disk fails with, never for a broken connection.
 */
async function append(
  parts: Parts,
  lease: Lease,
  opened: OpenUpload,
  request: AppendRequest,
): Promise<Appended> {
  const start = opened.upload.offset;
  const file = agree(opened.upload, request, parts.limits.maxBytes);
  const bodyCheck = new DigestCheck(request.bodyDigests ?? []);
  const fileCheck = new DigestCheck(start === 0 ? file.digests ?? [] : []);
  // A crash must not finish the file without the digest that came with this request.
  if (tellsMore(opened.upload, file)) await opened.record({ ...file, offset: start });
  const { end, error: cause } = await receiveFlushed(parts, lease, opened, request, {
    file,
    onPiece(piece) {
      bodyCheck.update(piece);
      fileCheck.update(piece);
    },
  });
  const writeTrouble = () => {
    if (end === "failed") return diskFailed(opened.upload.offset, cause);
    if (end === "disk-full") return diskFull(opened.upload.offset, cause);
  };
  try {
    if (end === "disk-full") await makeRoom(opened);
    refuse(end, end === "complete" ? bodyCheck.mismatch() : undefined, { ...file, start, parts });
    const offset = opened.appender.length;
    const length = file.length ?? (end === "complete" && request.toTheEnd ? offset : undefined);
    const next = { ...file, ...length !== undefined && { length }, offset };
    if (end === "complete" && canAppear({ ...opened.upload, ...next })) {
      return { upload: await finished(parts, lease, opened, { next, check: fileCheck }), end };
    }
    await opened.record(next);
  } catch (error) {
    if (error instanceof UploadError && isRefusal(error)) await opened.takeBack(start);
    throw writeTrouble() ?? diskTrouble(opened.upload.offset, error);
  }
  const trouble = writeTrouble();
  if (trouble !== undefined) throw trouble;
  return { upload: opened.upload, end };
}

/** The same, and closes the upload. */
export async function appendAndClose(
  parts: Parts,
  lease: Lease,
  opened: OpenUpload,
  request: AppendRequest,
): Promise<Appended> {
  await using _opened = opened;
  const appended = await append(parts, lease, opened, request);
  const { end, upload } = appended;
  if (end !== "complete") {
    parts.log.info("Upload {id} interrupted ({end}) at byte {offset}", {
      id: upload.id,
      end,
      offset: safeBytes(upload),
    });
  }
  return appended;
}

/** Receives the body with its checkpoints, and returns when what came of it is flushed. */
async function receiveFlushed(
  { limits }: Parts,
  lease: Lease,
  opened: OpenUpload,
  request: AppendRequest,
  { file, onPiece }: { file: Agreed; onPiece(piece: Uint8Array): void },
): Promise<Received> {
  const { appender } = opened;
  const checkpoints = new Checkpoints(appender, {
    everyBytes: limits.checkpointBytes,
    everyMs: limits.checkpointMs,
    commit: (offset) => opened.checkpoint({ ...file, offset }),
  });
  const received = await receive(request.body, appender, {
    limit: (file.length ?? limits.maxBytes) - request.offset,
    expected: request.bodyLength,
    idleMs: limits.idleMs,
    minBytesPerSecond: limits.minBytesPerSecond,
    rateGraceMs: RATE_GRACE_MS,
    stop: lease.stop,
    onArrived: (bytes) => lease.arrived(bytes),
    onPiece(piece) {
      onPiece(piece);
      checkpoints.written();
    },
  });
  try {
    await checkpoints.end();
    await appender.sync();
    return received;
  } catch (error) {
    await opened.distrust();
    throw diskTrouble(opened.upload.offset, error);
  }
}

async function finished(
  parts: Parts,
  lease: Lease,
  opened: OpenUpload,
  { next, check }: { next: { offset: number; length?: number }; check: DigestCheck },
): Promise<CompleteUpload> {
  try {
    await checkDigests(parts, lease, { ...opened.upload, ...next }, check);
    return await appear(parts, lease, { ...opened.upload, ...next }, opened.begun);
  } catch (error) {
    // The server stops before the digest is known: what has come is kept. What else is told knows its own count.
    const isUnknown = !(error instanceof UploadError) || error.code === "shutdown";
    if (isUnknown) await opened.record(next);
    throw error;
  }
}

/** On a full disk not even the count can be recorded: a few of the bytes that came make room for it. */
async function makeRoom({ appender, upload }: OpenUpload): Promise<void> {
  await appender.cut(Math.max(upload.offset, appender.length - ROOM_FOR_RECORDS));
}

/** Throws for a body that must not stay. */
function refuse(
  end: End,
  mismatch: Digest | undefined,
  { length, start, parts }: { length?: number; start: number; parts: Parts },
): void {
  if (end === "too-long") {
    checkSize(length ?? Infinity, parts.limits.maxBytes);
    throw tooLong(length ?? 0, { offset: start });
  }
  if (mismatch === undefined) return;
  throw new UploadError(
    "digest-mismatch",
    `The body does not have the ${mismatch.algorithm} digest that was given: send it again from byte ${start}`,
    { offset: start },
  );
}

/** True for what refuses a body that has come, or more of it than may: nothing of it stays. */
export function isRefusal({ code }: UploadError): boolean {
  return code === "too-long" || code === "too-large" || code === "digest-mismatch";
}
