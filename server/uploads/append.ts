import { told, UploadError } from "../errors.ts";
import { agree, type Agreed, type Announced, checkSize, tellsMore, tooLong } from "../model/agree.ts";
import { type Digest, DigestCheck } from "../model/digest.ts";
import { canAppear, type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import { Checkpoints } from "../receiving/checkpoints.ts";
import { HeldBody, MemoryAppender, type ReceivingEnd } from "../receiving/held_body.ts";
import { type End, receive, type Received, type ReceiveOptions } from "../receiving/receive.ts";
import { type EngineDeps, RATE_GRACE_MS } from "./engine_deps.ts";
import { finish } from "./finish.ts";
import type { Lease } from "./locks.ts";
import { isFinal, type OpenUpload } from "./open_upload.ts";
import { FloorReached } from "./space.ts";

/** What the database needs of a disk that is full to record the counts of many uploads. */
const ROOM_FOR_RECORDS = 256 * 1024;

/** A request to append a body to an upload. */
export interface AppendRequest extends Announced {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Digests of this body. */
  readonly bodyDigests?: readonly Digest[];
}

/** The same, where the body may have come already. */
export type ReceivedRequest = Omit<AppendRequest, "body"> & { readonly body: AppendRequest["body"] | HeldBody };

/** What became of a request to append. Every byte that `upload` counts is on disk. */
export interface Appended {
  readonly upload: ReceivingUpload | CompleteUpload;
  readonly end: End;
}

/**
 * Appends a body to an open upload, finishes the file when its last byte is there, and closes the upload. However the
 * body ends, what came of it is flushed and recorded before this returns; only a body that is refused, because it is too
 * long or not what its digest says, is taken back whole. Throws refusals and what the disk fails with, never for a broken
 * connection.
 */
export async function append(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  await using _opened = opened;
  const start = opened.upload.offset;
  const file = agree(opened.upload, request, deps.limits.maxBytes);
  const checks = {
    body: new DigestCheck(request.bodyDigests ?? []),
    file: new DigestCheck(start === 0 ? file.digests ?? [] : []),
  };
  const incoming = { request, file, checks };
  let failure: unknown;
  try {
    // A crash must not finish the file without the digest that came with this request.
    if (tellsMore(opened.upload, file)) await opened.record({ ...file, offset: start });
    const { end, error } = await receiveFlushed(deps, lease, opened, incoming);
    if (end === "disk-full" || end === "failed") failure = error;
    if (end === "disk-full" && !(error instanceof FloorReached)) await makeRoom(opened);
    const upload = await conclude(deps, lease, opened, { ...incoming, end });
    if (failure !== undefined) throw failure;
    if (end !== "complete") {
      const offset = safeBytes(upload);
      deps.log.info("Upload {id} interrupted ({end}) at byte {offset}", { id: upload.id, end, offset });
    }
    return { upload, end };
  } catch (error) {
    // Where a refused body cannot be taken back, nobody can tell how many bytes are counted.
    if (isRefusal(error)) throw await opened.takeBack(start).then(() => error, (trouble) => told(trouble));
    throw told(failure ?? error, opened.upload.offset);
  }
}

/**
 * Answers a request to append to a finished upload: as before, where it brings nothing new. Throws where it does, and
 * `final`.
 */
export async function repeat(
  deps: EngineDeps,
  lease: Lease,
  upload: CompleteUpload,
  request: ReceivedRequest,
): Promise<Appended> {
  if (upload.concat !== undefined) throw isFinal();
  agree({ offset: upload.length, length: upload.length }, { ...request, toTheEnd: false }, Infinity);
  const { end } = await receiveInto(new MemoryAppender(0), request.body, {
    ...receiveOptions(deps, lease, request),
    limit: 0,
    onPiece: () => {},
  });
  if (end === "too-long") throw tooLong(upload.length, { offset: upload.length });
  return { upload, end };
}

/** How any body is received, but for what its upload says. */
export function receiveOptions(
  { limits }: EngineDeps,
  lease: Lease,
  { bodyLength }: Announced,
): Omit<ReceiveOptions, "limit" | "onPiece"> {
  return {
    expected: bodyLength,
    idleMs: limits.idleMs,
    minBytesPerSecond: limits.minBytesPerSecond,
    rateGraceMs: RATE_GRACE_MS,
    stop: lease.stop,
    onArrived: (bytes) => lease.arrived(bytes),
  };
}

/** What a request says of its file, and what its bytes turn out to be. */
interface Incoming {
  readonly request: ReceivedRequest;
  readonly file: Agreed;
  readonly checks: { readonly body: DigestCheck; readonly file: DigestCheck };
}

/** Receives the body with its checkpoints, and returns when what came of it is flushed. */
async function receiveFlushed(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  { request, file, checks }: Incoming,
): Promise<Received> {
  const { limits, space } = deps;
  const { appender } = opened;
  const checkpoints = new Checkpoints(appender, {
    everyBytes: limits.checkpointBytes,
    everyMs: limits.checkpointMs,
    commit: (offset) => opened.record({ ...file, offset }),
  });
  using guarded = space.guard(appender);
  const received = await receiveInto(guarded, request.body, {
    ...receiveOptions(deps, lease, request),
    limit: (file.length ?? limits.maxBytes) - request.offset,
    onPiece(piece) {
      checks.body.update(piece);
      checks.file.update(piece);
      checkpoints.written();
    },
  });
  try {
    await checkpoints.end();
    await appender.sync();
    return received;
  } catch (error) {
    await opened.distrust();
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

/** Records what has come of a body, and finishes the file when all of it is there. Throws for a body that is refused. */
async function conclude(
  deps: EngineDeps,
  lease: Lease,
  opened: OpenUpload,
  { end, request, file, checks }: Incoming & { readonly end: End },
): Promise<ReceivingUpload | CompleteUpload> {
  if (end === "too-long") {
    checkSize(file.length ?? Infinity, deps.limits.maxBytes);
    throw tooLong(file.length ?? 0, request);
  }
  const mismatch = end === "complete" ? checks.body.mismatch() : undefined;
  if (mismatch !== undefined) throw bodyMismatch(mismatch, request);
  const offset = opened.appender.length;
  const length = file.length ?? (end === "complete" && request.toTheEnd ? offset : undefined);
  const next = { ...file, ...length !== undefined && { length }, offset };
  const upload = { ...opened.upload, ...next };
  if (end === "complete" && canAppear(upload)) {
    try {
      return await finish(deps, lease, { upload, appender: opened.appender }, checks.file);
    } catch (error) {
      // The bytes count, even where the file cannot be finished now, or the server stops before its digest is known.
      const isUnknown = !(error instanceof UploadError) || error.code === "shutdown";
      if (isUnknown) await opened.record(next);
      throw error;
    }
  }
  await opened.record(next);
  return opened.upload;
}

/**
 * On a disk that others have filled below the floor not even the count can be recorded: a few of the bytes that came make
 * room for it.
 */
async function makeRoom({ appender, upload }: OpenUpload): Promise<void> {
  await appender.cut(Math.max(upload.offset, appender.length - ROOM_FOR_RECORDS));
}

/** True for what refuses a body that has come, or more of it than may: nothing of it stays. */
export function isRefusal(error: unknown): boolean {
  return error instanceof UploadError && ["too-long", "too-large", "digest-mismatch"].includes(error.code);
}

function bodyMismatch({ algorithm }: Digest, { offset }: Announced): UploadError {
  const message = `The body does not have the ${algorithm} digest that was given: send it again from byte ${offset}`;
  return new UploadError("digest-mismatch", message, { offset });
}
