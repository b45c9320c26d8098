import { append, type Appended, type ReceivedRequest, repeat } from "./append.ts";
import type { EngineDeps } from "./engine_deps.ts";
import type { Lease, Locks } from "./locks.ts";
import { open, OpenUpload } from "./open_upload.ts";

/** Takes the arrival of a request with bytes of an upload, which has `id` or whose client calls it so. */
export function arrive(
  deps: EngineDeps,
  locks: Locks,
  id: string,
  { offset }: Pick<ReceivedRequest, "offset">,
): number {
  deps.log.debug("A request brings bytes of {id}, from byte {offset} on", { id, offset });
  return locks.arrive();
}

/**
 * Appends a body to the upload that the lease is for, as {@linkcode append} does. A complete upload gives the answer of
 * its last request again. Throws what these throw, and what {@linkcode open} throws.
 */
export async function appendTo(
  deps: EngineDeps,
  id: string,
  lease: Lease,
  request: ReceivedRequest,
): Promise<Appended> {
  return await appendToOpened(deps, await open(deps, id, { offset: request.offset }), lease, request);
}

/** Does the same with an upload that was opened. */
export async function appendToOpened(
  deps: EngineDeps,
  opened: Awaited<ReturnType<typeof open>>,
  lease: Lease,
  request: ReceivedRequest,
): Promise<Appended> {
  if (opened instanceof OpenUpload) return await append(deps, lease, opened, request);
  return await repeat(deps, lease, opened, request);
}
