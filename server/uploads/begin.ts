import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import { newId } from "../model/id.ts";
import { agree, type Announced, checkSize } from "../model/agree.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type FileFacts, largest, newUpload, type ReceivingUpload } from "../model/upload.ts";

/** The longest small file, in bytes: very many may come at a time, and each takes little memory. */
export const SMALL = 64 * 1024;

/**
 * Makes the record of a new upload, and does not store it. The upload will take up to `room` bytes of the disk, by
 * default its length. Throws `too-large`, `disk-full` when that would go below the floor (I12), and `too-many-begun`.
 */
export async function beginUpload(
  deps: EngineDeps,
  facts: FileFacts,
  room: number = facts.length ?? 0,
): Promise<ReceivingUpload> {
  const upload = makeUpload(deps, facts, room);
  await deps.pace.take(facts);
  return upload;
}

/**
 * Makes the record of a new upload with what its first request announces. Throws what {@linkcode beginUpload} and
 * {@linkcode agree} throw.
 */
export async function beginAgreed(
  deps: EngineDeps,
  facts: FileFacts,
  request: Announced,
): Promise<ReceivingUpload> {
  const { length } = request;
  const upload = makeUpload(deps, { ...facts, ...defined({ length }) }, length ?? facts.length ?? 0);
  const agreed = { ...upload, ...agree(upload, request, largest(facts, deps.limits.maxBytes)) };
  await deps.pace.take(facts);
  return agreed;
}

function makeUpload(deps: EngineDeps, facts: FileFacts, room: number): ReceivingUpload {
  const { space, limits, boot, durable, now, serviceNow } = deps;
  checkSize(facts.length ?? 0, largest(facts, limits.maxBytes));
  if (!space.fits(room)) {
    throw new UploadError(
      "disk-full",
      "The server's disk is too full for a new upload: try again when there is space",
    );
  }
  return newUpload(facts, {
    id: newId(),
    now: now(),
    serviceNow: serviceNow(),
    expireAfterMs: limits.expireAfterMs,
    boot,
    durable,
  });
}
