import { randomBytes } from "node:crypto";
import { UploadError } from "../errors.ts";
import { agree, type Announced, checkSize } from "../model/agree.ts";
import type { Parts } from "./parts.ts";
import { type FileFacts, newUpload, type ReceivingUpload } from "../model/upload.ts";

/** Of files up to this size, in bytes, very many may come at a time, and each takes next to nothing. */
export const SMALL = 256 * 1024;

/** True for a small file that comes whole in one request: its record can wait for what becomes of it. */
export function isSmallAndWhole({ offset, bodyLength, length = bodyLength }: Announced): boolean {
  return offset === 0 && length !== undefined && length === bodyLength && length <= SMALL;
}

/**
 * A new upload, not recorded yet, that will take up to `room` bytes of the disk: its length, where nothing else is said.
 * Throws `too-large`, and `disk-full` where it would leave too little space.
 */
export function beginUpload(parts: Parts, facts: FileFacts, room: number = facts.length ?? 0): ReceivingUpload {
  const { space, limits, boot, durable, now, serviceNow } = parts;
  checkSize(facts.length ?? 0, limits.maxBytes);
  if (!space.fits(room)) {
    throw new UploadError(
      "disk-full",
      "The server's disk is too full for a new upload: try again when there is space",
    );
  }
  const id = randomBytes(16).toString("base64url");
  return newUpload(facts, {
    id,
    now: now(),
    serviceNow: serviceNow(),
    expireAfterMs: limits.expireAfterMs,
    boot,
    durable,
  });
}

/** The same, with what its first request says of it. Throws, besides, what {@linkcode agree} throws. */
export function beginAgreed(parts: Parts, facts: FileFacts, request: Announced): ReceivingUpload {
  const { length } = request;
  const upload = beginUpload(parts, { ...facts, ...length !== undefined && { length } });
  return { ...upload, ...agree(upload, request, parts.limits.maxBytes) };
}
