import { UploadError } from "../errors.ts";
import { newId } from "../model/address.ts";
import { agree, type Announced, checkSize } from "../model/agree.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { type FileFacts, newUpload, type ReceivingUpload } from "../model/upload.ts";

/** Of files up to this size, in bytes, very many may come at a time, and each takes next to nothing. */
export const SMALL = 64 * 1024;

/**
 * A new upload, not recorded yet; `onDisk` of its bytes are there already. Throws `too-large`, and `disk-full` where it
 * would leave too little space.
 */
export async function beginUpload(deps: EngineDeps, facts: FileFacts, onDisk = 0): Promise<ReceivingUpload> {
  const { bytes, limits, boot, durable, now } = deps;
  checkSize(facts.length ?? 0, limits.maxBytes);
  const maxAgeMs = (facts.length ?? Infinity) > SMALL ? 0 : 1000;
  const free = limits.minFreeBytes === 0 ? Infinity : await bytes.freeBytes(maxAgeMs);
  if (free - (facts.length ?? 0) + onDisk < limits.minFreeBytes) {
    throw new UploadError(
      "disk-full",
      "The server's disk is too full for a new upload: try again when there is space",
    );
  }
  return newUpload(facts, { id: newId(), now: now(), expireAfterMs: limits.expireAfterMs, boot, durable });
}

/** The same, with what its first request says of it. Throws, besides, what {@linkcode agree} throws. */
export async function beginAgreed(deps: EngineDeps, facts: FileFacts, request: Announced): Promise<ReceivingUpload> {
  const { length } = request;
  const upload = await beginUpload(deps, { ...facts, ...length !== undefined && { length } });
  return { ...upload, ...agree(upload, request, deps.limits.maxBytes) };
}
