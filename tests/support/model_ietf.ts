import { sha256 } from "./bytes.ts";
import { PARTIAL } from "./ietf_wire.ts";
import { numberIn } from "./model_simple.ts";
import type { Said } from "./model_world.ts";
import { head, type RawAnswer } from "./raw.ts";
import { OTHER } from "./sources.ts";
import { NEW, type Send } from "./upload_model.ts";

/** The version in which all bytes of the length complete an upload, as the model has it. */
const VERSION = { "Upload-Draft-Interop-Version": 6 };

/** The head of a `PATCH`, or of a `POST` that begins an upload, without what says how the body comes. */
export function ietfBodyHead(
  name: string,
  { address, start, size, bodyDigest }: Send & { address: string },
  body: Uint8Array,
  headers: Record<string, string | number>,
): string {
  const isNew = address === NEW;
  return head(`${isNew ? "POST" : "PATCH"} ${address}`, {
    ...VERSION,
    "Upload-Complete": "?0",
    ...isNew
      ? { "Content-Disposition": `inline; filename="${name}"` }
      : { "Upload-Offset": start, "Content-Type": PARTIAL },
    ...size !== undefined && { "Upload-Length": size },
    ...bodyDigest !== "none" && { "Content-Digest": `sha-256=:${sha256(bodyDigest === "right" ? body : OTHER)}:` },
    ...headers,
  });
}

/** `HEAD` or `DELETE` of an upload's address. */
export function ietfHead(method: "HEAD" | "DELETE", address: string): string {
  return head(`${method} ${address}`, VERSION);
}

/** Translates an answer to `PATCH`, `POST` or `DELETE` into the model's words, which are those of the simple protocol. */
export function saidByIetf({ status, headers, body }: RawAnswer, address: string): Said {
  const offset = numberIn(headers, "upload-offset");
  const location = headers.get("location") ?? undefined;
  const untold = { offset, length: undefined, complete: undefined, location: undefined };
  if (status === 204 && offset === undefined) return { ...untold, line: "204 " };
  const complete = headers.get("upload-complete") === "?1";
  if (status === 201) {
    const length = numberIn(headers, "upload-length");
    const line = complete ? `200 Success ${offset}` : `200 ${offset}`;
    return { offset, length, complete, location: location ?? address, line };
  }
  const { detail, code } = JSON.parse(body);
  switch (code) {
    case "wrong-offset":
      return { ...untold, line: status === 409 ? `400 Wrong start byte: ${offset}` : `${status} by IETF: ${detail}` };
    case "disconnected":
      // The upload that was begun can go on.
      if (address === NEW && location !== undefined) {
        return { offset, length: "untold", complete, location, line: `200 ${offset}` };
      }
      return { ...untold, line: status === 503 ? `408 ${detail}` : `${status} by IETF: ${detail}` };
    default:
      return { ...untold, line: `${status} ${detail}` };
  }
}

/** Translates an answer to `HEAD`, which has no body, into the model's words. */
export function saidToIetfHead({ status, headers }: RawAnswer, address: string): Said {
  const offset = numberIn(headers, "upload-offset");
  const length = numberIn(headers, "upload-length");
  if (status !== 204 || offset === undefined) {
    const isMismatch = headers.get("x-error") === "digest-mismatch";
    const line = `${isMismatch && status === 400 ? 460 : status} to HEAD`;
    return { offset, length, complete: undefined, location: undefined, line };
  }
  const complete = headers.get("upload-complete") === "?1";
  return { offset, length, complete, location: address, line: `200 ${offset}` };
}
