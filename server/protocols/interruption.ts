import { UploadError } from "../errors.ts";
import { takenOver } from "../model/agree.ts";
import type { Appended } from "../uploads/append.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";

/**
 * Gives the upload if the request's body came whole. Otherwise throws the refusal that tells the client why it did not,
 * and from which byte to go on.
 */
export function uninterrupted({ upload, end }: Appended): ReceivingUpload | CompleteUpload {
  if (end === "whole") return upload;
  const offset = safeBytes(upload);
  const go = `go on from byte ${offset}`;
  switch (end) {
    case "idle":
      throw new UploadError("idle", `No bytes came for too long: ${go}`, { offset });
    case "too-slow":
      throw new UploadError("too-slow", `The bytes came too slowly: ${go}`, { offset });
    case "too-short-chunks":
      throw new UploadError("too-short-chunks", `The chunks are too short: send a Content-Length, and ${go}`, {
        offset,
      });
    case "taken-over":
      throw takenOver(offset);
    case "shutdown":
      throw new UploadError("shutdown", `The server is restarting: ${go} in a few seconds`, { offset });
    default:
      throw new UploadError("disconnected", `The body was cut off: ${go}`, { offset });
  }
}
