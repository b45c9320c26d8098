import { defined } from "../defined.ts";
import { asUploadError, type ErrorCode, UploadError } from "../errors.ts";
import { agree, type Agreed, type Announced, checkSize, tellsMore, tooLong } from "../model/agree.ts";
import { comesAgain } from "../model/decide.ts";
import { type Digest, DigestCheck } from "../model/digest.ts";
import { canFinish, type CompleteUpload, largest, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { HeldBody, MemoryAppender, type ReceivingEnd } from "../receiving/held_body.ts";
import { type End, receive, type Received, type ReceiveOptions } from "../receiving/receive.ts";
import { type EngineDeps, RATE_GRACE_MS } from "./engine_deps.ts";
import type { Ending } from "./engine_meter.ts";
import { finish } from "./finish.ts";
import type { Lease } from "./locks.ts";
import { isFinal, type OpenUpload } from "./open_upload.ts";
import { FloorReached } from "./space.ts";
import { toldNow } from "./told_now.ts";

/** How many bytes of a full disk the database needs to record the offsets of many uploads. */
const ROOM_FOR_RECORDS = 256 * 1024;

/** A request to append a body to an upload. */
export interface AppendRequest extends Announced {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Digests of this body. */
  readonly bodyDigests?: readonly Digest[];
  /** Asked when a body of unknown length has ended: true when the client broke it off. */
  readonly isBrokenOff?: () => Promise<boolean>;
  /**
   * Called when the upload that the request begins is recorded, before its bytes come. It must not throw. A small file is
   * recorded only with its bytes, and this is not called then.
   */
  readonly onBegun?: (upload: ReceivingUpload) => void;
  /** True when even a small file is recorded before its bytes come: the client is to know the upload by then. */
  readonly isRecordedFirst?: boolean;
  /** Called when the upload's first `offset` bytes are safe (I1), while more are coming. It must not throw. */
  readonly onSafe?: (offset: number) => void;
  /** True for a refusal by which the upload itself ends. It ends before anybody else gets the upload's lock. */
  readonly endsUpload?: (refusal: UploadError) => boolean;
  /** Called when the upload has ended by `endsUpload`. */
  readonly onUploadEnded?: () => void;
}

/** A request to append whose body may have been received into memory already. */
export type ReceivedRequest = Omit<AppendRequest, "body"> & {
  readonly body: AppendRequest["body"] | HeldBody;
  /** The upload that the client's id meant while a body came that has been cut off; absent if nobody has looked. */
  readonly meant?: { readonly upload: ReceivingUpload | CompleteUpload | undefined };
};

/** The result of a request to append. The offset of `upload` is safe (I1). */
export interface Appended {
  readonly upload: ReceivingUpload | CompleteUpload;
  readonly end: End;
  /** True when the file had come before, so that nothing was stored. */
  readonly isAgain?: true;
}

/**
 * Appends a body to an open upload, finishes the upload when its last byte came, and closes it. However the body ends,
 * its bytes are flushed and recorded before this returns (I1). Only a refused body, one that is too long or does not
 * match its digest, is rolled back whole (I10). Throws refusals and failures of the disk; a broken connection is a
 * result.
 */
export async function append(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  const { id, offset: start } = opened.upload;
  const tell = (end: Ending["end"], isComplete = false) => deps.meter.appended({ id, start, end, isComplete });
  try {
    const appended = await appendTo(deps, lease, opened, request);
    tell(appended.end, appended.upload.state === "complete");
    return appended;
  } catch (error) {
    tell(asUploadError(error).code);
    throw error;
  }
}

async function appendTo(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  await using _opened = opened;
  try {
    return await appendToHeld(deps, lease, opened, request);
  } catch (error) {
    throw await toldNow(deps, opened, asUploadError(error));
  }
}

async function appendToHeld(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  const start = opened.upload.offset;
  const maxBytes = largest(opened.upload, deps.limits.maxBytes);
  const file = agree(opened.upload, request, maxBytes);
  const checks = {
    body: new DigestCheck(request.bodyDigests ?? []),
    file: start === 0 ? new DigestCheck(file.digests ?? [], opened.upload.wantedDigest) : new DigestCheck([]),
  };
  const incoming = { request, file, checks, maxBytes };
  let failure: unknown;
  try {
    // Length and digests are recorded before the bytes: after a crash nothing may finish without these digests.
    if (tellsMore(opened.upload, file)) await opened.record({ ...file, offset: start });
    const { end, error } = await receiveFlushed(deps, lease, opened, incoming);
    if (end === "disk-full" || end === "failed") failure = error;
    if (end === "disk-full" && !(error instanceof FloorReached)) await makeRoom(opened);
    const upload = await conclude(deps, lease, opened, { ...incoming, end });
    if (failure !== undefined) throw failure;
    if (end !== "whole") {
      const offset = safeBytes(upload);
      deps.log.info("Upload {id} interrupted ({end}) at byte {offset}", { id: upload.id, end, offset });
    }
    return { upload, end };
  } catch (error) {
    // If the roll back fails, nobody can tell the offset, so the refusal must not name one.
    if (isRefusal(error)) throw await opened.rollBack(start).then(() => error, (trouble) => asUploadError(trouble));
    throw asUploadError(failure ?? error, opened.upload.offset);
  }
}

/**
 * Answers a request to append to a complete upload. A request without new bytes, such as a repeated one, gets the
 * answer that the last one got, and so does one that brings the file again and counts once. Throws `too-long` for new bytes, what `agree` throws, and `final`.
 */
export async function repeat(
  deps: EngineDeps,
  lease: Lease,
  upload: CompleteUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  if (upload.concat !== undefined) throw isFinal();
  if (comesAgain(upload, request)) return { upload, end: "whole", isAgain: true };
  agree({ offset: upload.length, length: upload.length }, { ...request, toTheEnd: false }, Infinity);
  const { end } = await receiveInto(new MemoryAppender(0), request.body, {
    ...receiveOptions(deps, lease, request),
    limit: 0,
    onPiece: () => {},
  });
  if (end === "too-long") throw tooLong(upload.length, { offset: upload.length });
  return { upload, end };
}

/** The options of `receive` that are the same for every body. */
export function receiveOptions(
  { limits, pauses, buffers, onReceived }: EngineDeps,
  lease: Lease,
  { bodyLength, isBrokenOff }: Announced & Pick<AppendRequest, "isBrokenOff">,
): Omit<ReceiveOptions, "limit" | "onPiece"> {
  return {
    expected: bodyLength,
    idleMs: limits.idleMs,
    minBytesPerSecond: limits.minBytesPerSecond,
    rateGraceMs: RATE_GRACE_MS,
    stop: lease.stop,
    pauses,
    buffers,
    onArrived: (bytes) => lease.arrived(bytes),
    ...defined({ onEnded: onReceived, isBrokenOff }),
  };
}

/** A request, what it and the record agree on, and the checks of its bytes. */
interface Incoming {
  readonly request: ReceivedRequest;
  readonly file: Agreed;
  readonly checks: { readonly body: DigestCheck; readonly file: DigestCheck };
  /** The largest length in bytes that the upload may get. */
  readonly maxBytes: number;
}

/** Receives the body, with checkpoints, and flushes all that came of it. */
async function receiveFlushed(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  { request, file, checks, maxBytes }: Incoming,
): Promise<Received> {
  const { limits, space, quota, meter } = deps;
  const { appender } = opened;
  const checkpoints = new Checkpoints(appender, {
    everyBytes: limits.checkpointBytes,
    everyMs: limits.checkpointMs,
    ...request.bodyLength !== undefined && { endsAt: request.offset + request.bodyLength },
    commit: async (offset) => {
      await opened.record({ ...file, offset });
      request.onSafe?.(offset);
    },
    made: (ms) => meter.checkpointMade(ms),
  });
  using guarded = space.guard(appender);
  // A length that is known was reserved when it was recorded.
  using end = file.length === undefined ? await quota.guard(guarded, opened.upload, request.bodyLength) : guarded;
  meter.bodyBegins();
  const received = await receiveInto(end, request.body, {
    ...receiveOptions(deps, lease, request),
    limit: (file.length ?? maxBytes) - request.offset,
    onPiece(piece) {
      checks.body.update(piece);
      checks.file.update(piece);
      meter.received(piece.length);
      checkpoints.written();
    },
  }).finally(() => meter.bodyEnds());
  try {
    await checkpoints.end();
    await appender.flush();
    return received;
  } catch (error) {
    await opened.rollBackToRecord();
    throw error;
  }
}

async function receiveInto(
  appender: ReceivingEnd,
  body: ReceivedRequest["body"],
  options: ReceiveOptions,
): Promise<Received> {
  return body instanceof HeldBody ? await body.appendTo(appender, options) : await receive(body, appender, options);
}

/**
 * The errors after which an upload that has all its bytes is surely unfinished, so that its bytes can be recorded: the
 * server stops while it checks the digests, or who is asked does not want the file, which may be an error. After any
 * other one the upload may be complete, and its record must not be overwritten.
 */
const BEFORE_THE_COMMIT: readonly ErrorCode[] = ["shutdown", "not-wanted", "over-quota", "cannot-ask"];

/** Records what came of a body, and finishes the upload when it has all its bytes. Throws for a refused body. */
async function conclude(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  { end, request, file, checks, maxBytes }: Incoming & { readonly end: End },
): Promise<ReceivingUpload | CompleteUpload> {
  if (end === "too-long") {
    checkSize(file.length ?? Infinity, maxBytes);
    throw tooLong(file.length ?? 0, request);
  }
  const mismatch = end === "whole" ? checks.body.mismatch() : undefined;
  if (mismatch !== undefined) throw bodyMismatch(mismatch, request);
  const offset = opened.appender.length;
  const length = file.length ?? (end === "whole" && request.toTheEnd ? offset : undefined);
  const { awaitsEnd, ...agreed } = file;
  const isAtEnd = end === "whole" && request.toTheEnd;
  const next = { ...agreed, ...!isAtEnd && defined({ awaitsEnd }), ...defined({ length }), offset };
  const { awaitsEnd: _, ...before } = opened.upload;
  const upload = { ...before, ...next };
  if (end === "whole" && canFinish(upload)) {
    try {
      return await finish(deps, lease, { upload, appender: opened.appender }, checks.file);
    } catch (error) {
      const keepsBytes = !(error instanceof UploadError) || BEFORE_THE_COMMIT.includes(error.code);
      if (keepsBytes) await opened.recordLast(next);
      throw error;
    }
  }
  await opened.recordLast(next);
  return opened.upload;
}

/**
 * Cuts off the last bytes that came, so that their space can hold the record. Other programs have filled the disk below
 * the floor, and not even an offset could be recorded.
 */
async function makeRoom({ appender, upload }: OpenUpload): Promise<void> {
  await appender.cut(Math.max(upload.offset, appender.length - ROOM_FOR_RECORDS));
}

/** True for a refusal of a body's bytes: none of them counts (I10). */
export function isRefusal(error: unknown): boolean {
  return error instanceof UploadError && ["too-long", "too-large", "digest-mismatch"].includes(error.code);
}

function bodyMismatch({ algorithm }: Digest, { offset }: Announced): UploadError {
  const message = `The body does not have the ${algorithm} digest that was given: send it again from byte ${offset}`;
  return new UploadError("digest-mismatch", message, { offset });
}
