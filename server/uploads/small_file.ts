import { toldLength } from "../model/agree.ts";
import { DigestCheck } from "../model/digest.ts";
import type { CompleteUpload, FileFacts, ReceivingUpload } from "../model/upload.ts";
import { HeldBody } from "../receiving/held_body.ts";
import { type AppendRequest, receiveOptions } from "./append.ts";
import { beginAgreed, SMALL } from "./begin.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { appear, recordFinished } from "./finish.ts";
import type { Lease, Locks } from "./locks.ts";
import { createFile } from "./open_upload.ts";

/** The first one mostly does; the second one looks which names are taken. */
const ATTEMPTS = 2;

/** True for a small file that comes whole in one request, and is finished by it. */
export function isSmallFile({ limits }: EngineDeps, facts: FileFacts, request: AppendRequest): boolean {
  const { offset, bodyLength } = request;
  return facts.partial === undefined && offset === 0 && bodyLength !== undefined &&
    bodyLength === toldLength(request) && bodyLength <= Math.min(SMALL, limits.maxBytes);
}

/**
 * Receives a small file into memory; nothing is made of it before its body has ended. One that came whole is finished by
 * one commit, which tells as well whether its client's id is free: mostly it is.
 *
 * Gives the body where it is not whole, or cannot be finished so. Nothing has happened then, and it has to go the way of
 * any other body, which has a place for each refusal and each error. Throws where nobody can tell whether it is finished.
 */
export async function receiveSmallFile(
  deps: EngineDeps,
  locks: Locks,
  { facts, request, lease }: { facts: FileFacts; request: AppendRequest; lease: Lease },
): Promise<CompleteUpload | HeldBody> {
  const body = await HeldBody.receive(request.body, {
    ...receiveOptions(deps, lease, request),
    limit: request.bodyLength!,
    onPiece: () => {},
  });
  if (body.end !== "complete" || !hasDigests(body, request)) return body;
  const upload = beginUnlessRefused(deps, facts, request);
  if (upload === undefined) return body;
  using own = await locks.takeOver(upload.id, { within: lease });
  const finished = await recordWhole(deps, upload, body);
  return finished === undefined ? body : await appear(deps, own, finished);
}

function hasDigests({ bytes }: HeldBody, { bodyDigests = [], digests = [] }: AppendRequest): boolean {
  const check = new DigestCheck([...bodyDigests, ...digests]);
  check.update(bytes);
  return check.mismatch() === undefined;
}

/** A refusal is told on the other way, which the body takes then. */
function beginUnlessRefused(deps: EngineDeps, facts: FileFacts, request: AppendRequest): ReceivingUpload | undefined {
  try {
    return beginAgreed(deps, facts, request);
  } catch {
    return undefined;
  }
}

/** Makes the file of an upload and its record, which is its first. `undefined`, and nothing is left, where it cannot. */
async function recordWhole(
  deps: EngineDeps,
  upload: ReceivingUpload,
  { bytes: body }: HeldBody,
): Promise<CompleteUpload | undefined> {
  const { bytes, records, space, log } = deps;
  const { id } = upload;
  try {
    // The file stays locked until it has a record: another process that starts takes it for a left-over.
    await using appender = await createFile(deps, id);
    using guarded = space.guard(appender);
    await guarded.write(body);
    await appender.sync();
    const finishing = { upload: { ...upload, offset: body.length }, appender };
    const finished = await recordFinished(deps, finishing, (next) => records.create(next), ATTEMPTS);
    if (finished !== undefined) return finished;
  } catch (error) {
    log.debug("Cannot finish upload {id} at once: {error}", { id, error });
    // A commit that has failed may have come to pass all the same.
    const found = await records.get(id);
    if (found?.state === "complete") return found;
  }
  await bytes.discard(id).catch((error) => log.warning("Cannot remove what is left of {id}: {error}", { id, error }));
  return undefined;
}
