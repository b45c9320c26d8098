import { encodeBase64Url } from "@std/encoding/base64url";
import { UploadError } from "../errors.ts";
import { agree, type Announced, checkSize } from "./agree.ts";
import type { Parts } from "./parts.ts";
import { type FileFacts, newUpload, type ReceivingUpload } from "./upload.ts";

/** A new upload, not recorded yet. Throws `too-large`, and `disk-full` where it would leave too little space. */
export async function beginUpload({ bytes, limits, boot, now }: Parts, facts: FileFacts): Promise<ReceivingUpload> {
  checkSize(facts.length ?? 0, limits.maxBytes);
  const free = limits.minFreeBytes === 0 ? Infinity : await bytes.freeBytes();
  if (free - (facts.length ?? 0) < limits.minFreeBytes) {
    throw new UploadError(
      "disk-full",
      "The server's disk is too full for a new upload: try again when there is space",
    );
  }
  const id = encodeBase64Url(crypto.getRandomValues(new Uint8Array(16)));
  return newUpload(facts, { id, now: now(), expireAfterMs: limits.expireAfterMs, boot });
}

/** The same, with what its first request says of it. Throws, besides, what {@linkcode agree} throws. */
export async function beginAgreed(parts: Parts, facts: FileFacts, request: Announced): Promise<ReceivingUpload> {
  const { length } = request;
  const upload = await beginUpload(parts, { ...facts, ...length !== undefined && { length } });
  return { ...upload, ...agree(upload, request, parts.limits.maxBytes) };
}
