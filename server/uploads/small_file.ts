import { announcedLength } from "../model/agree.ts";
import { DigestCheck } from "../model/digest.ts";
import { type CompleteUpload, type FileFacts, largest, type ReceivingUpload } from "../model/upload.ts";
import { HeldBody } from "../receiving/held_body.ts";
import { type ReceivedRequest, receiveOptions } from "./append.ts";
import { beginAgreed, SMALL } from "./begin.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { placeAndFlush, recordFinished } from "./finish.ts";
import type { Lease, Locks } from "./locks.ts";
import { createFile } from "./locked_file.ts";

/** How often a path is chosen. The first one mostly does; the second attempt looks up the claims. */
const ATTEMPTS = 2;

/** True for a request that announces all of a small file, or has all of any file in memory, and that ends there. */
export function isSmallFile({ limits }: EngineDeps, facts: FileFacts, request: ReceivedRequest): boolean {
  const { body, offset, bodyLength } = request;
  const isInMemory = body instanceof HeldBody;
  return facts.partial === undefined && facts.wantedDigest === undefined && !request.isRecordedFirst &&
    (request.toTheEnd || !request.awaitsEnd) && offset === 0 && bodyLength !== undefined &&
    bodyLength === announcedLength(request) && (isInMemory || bodyLength <= SMALL) &&
    bodyLength <= largest(facts, limits.maxBytes);
}

/**
 * Receives a small file into memory, and makes no file and no record before its body has ended. A body that came whole
 * is written, and its complete record is stored by one commit, which fails if its client's id means another upload.
 *
 * Gives the body if it did not come whole or cannot be finished this way. Nothing has changed then, and the caller
 * appends the body as any other, which tells the client of each refusal. Throws when nobody can tell whether the commit
 * succeeded.
 */
export async function receiveSmallFile(
  deps: EngineDeps,
  locks: Locks,
  { facts, request, lease }: { facts: FileFacts; request: ReceivedRequest; lease: Lease },
): Promise<CompleteUpload | HeldBody> {
  const body = await hold(deps, lease, request);
  if (body.end !== "whole" || !hasDigests(body, request)) return body;
  const begunAt = performance.now();
  const upload = await beginUnlessRefused(deps, facts, request);
  if (upload === undefined) return body;
  using own = await locks.takeOver(upload.id, { within: lease });
  // The file stays locked until it is placed: another process that starts would discard it, or place it too.
  await using locked = new AsyncDisposableStack();
  const finished = await recordWhole(deps, { upload, body, locked });
  if (finished === undefined) return body;
  deps.meter.received(body.bytes.length);
  const placed = await placeAndFlush(deps, own, finished);
  deps.meter.finished(upload.id, performance.now() - begunAt);
  return placed;
}

/** Receives a body into memory, if it is not there already. */
export async function hold(deps: EngineDeps, lease: Lease, request: ReceivedRequest): Promise<HeldBody> {
  if (request.body instanceof HeldBody) return request.body;
  deps.meter.bodyBegins();
  const options = { ...receiveOptions(deps, lease, request), limit: request.bodyLength!, onPiece: () => {} };
  return await HeldBody.receive(request.body, options).finally(() => deps.meter.bodyEnds());
}

function hasDigests({ bytes }: HeldBody, { bodyDigests = [], digests = [] }: ReceivedRequest): boolean {
  const check = new DigestCheck([...bodyDigests, ...digests]);
  check.update(bytes);
  return check.mismatch() === undefined;
}

/** Makes the upload's record; `undefined` for a refusal, which appending the body as any other will tell. */
async function beginUnlessRefused(
  deps: EngineDeps,
  facts: FileFacts,
  request: ReceivedRequest,
): Promise<ReceivingUpload | undefined> {
  try {
    return await beginAgreed(deps, facts, request);
  } catch {
    return undefined;
  }
}

/**
 * Writes an upload's file and stores its record, the first and complete one. The file is locked until `locked` is
 * disposed of. `undefined` on failure, and nothing is left then.
 */
async function recordWhole(
  deps: EngineDeps,
  { upload, body: { bytes: body }, locked }: {
    upload: ReceivingUpload;
    body: HeldBody;
    locked: AsyncDisposableStack;
  },
): Promise<CompleteUpload | undefined> {
  const { bytes, records, space, log } = deps;
  const { id } = upload;
  try {
    const appender = locked.use(await createFile(deps, id));
    using guarded = space.guard(appender);
    await guarded.write(body);
    await appender.flush();
    const finishing = { upload: { ...upload, offset: body.length }, appender };
    const finished = await recordFinished(deps, finishing, (next) => records.create(next), ATTEMPTS);
    if (finished !== undefined) return finished;
  } catch (error) {
    log.debug("Cannot finish upload {id} with one commit: {error}", { id, error });
    // A commit that threw may have succeeded all the same.
    const found = await records.get(id);
    if (found?.state === "complete") return found;
  }
  await bytes.discard(id).catch((error) =>
    log.warning("Cannot discard the bytes of upload {id}: {error}", { id, error })
  );
  return undefined;
}
