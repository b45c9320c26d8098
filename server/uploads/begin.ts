import { UploadError } from "../errors.ts";
import { newId } from "../model/id.ts";
import { agree, type Announced, checkSize } from "../model/agree.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type FileFacts, newUpload, type ReceivingUpload } from "../model/upload.ts";

/** Of files up to this size, in bytes, very many may come at a time, and each takes next to nothing. */
export const SMALL = 64 * 1024;

/**
 * A new upload, not recorded yet, that will take up to `room` bytes of the disk: its length, where nothing else is said.
 * Throws `too-large`, and `disk-full` where it would leave too little space.
 */
export function beginUpload(deps: EngineDeps, facts: FileFacts, room: number = facts.length ?? 0): ReceivingUpload {
  const { space, limits, boot, durable, now, serviceNow } = deps;
  checkSize(facts.length ?? 0, limits.maxBytes);
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

/** The same, with what its first request says of it. Throws, besides, what {@linkcode agree} throws. */
export function beginAgreed(deps: EngineDeps, facts: FileFacts, request: Announced): ReceivingUpload {
  const { length } = request;
  const upload = beginUpload(deps, { ...facts, ...length !== undefined && { length } });
  return { ...upload, ...agree(upload, request, deps.limits.maxBytes) };
}
