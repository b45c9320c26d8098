import { sha256 } from "./bytes.ts";
import { OTHER, sourceOf } from "./sources.ts";
import type { Said } from "./model_world.ts";
import { postHead, type RawAnswer } from "./raw.ts";
import type { Send } from "./upload_model.ts";

/** The head of a request with a body, without what says how the body comes. */
export function simpleHead(
  { clientId, name }: { clientId: string; name: string },
  { file, start, size, bodyDigest, digestOf }: Send,
  body: Uint8Array,
  headers: Record<string, string | number>,
): string {
  return postHead(clientId, {
    "X-File-Name": name,
    ...start > 0 && { "X-Start-Byte": start },
    ...size !== undefined && { "X-File-Size": size },
    ...bodyDigest !== "none" && { "Content-Digest": digest(bodyDigest === "right" ? body : OTHER) },
    ...digestOf !== undefined && { "Repr-Digest": digest(digestOf < 0 ? OTHER : sourceOf(file, digestOf).bytes()) },
    ...headers,
  });
}

/** The part of an answer that the model compares. */
export function saidSimply({ status, headers, body }: RawAnswer): Said {
  const complete = headers.get("upload-complete");
  return {
    line: `${status} ${body}`,
    offset: numberIn(headers, "upload-offset"),
    length: numberIn(headers, "upload-length"),
    complete: complete === null ? undefined : complete === "?1",
    location: headers.get("location") ?? undefined,
  };
}

export function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text === null ? undefined : Number(text);
}

/** `Content-Digest` and `Repr-Digest` with the digest of some bytes, or of other ones. */
function digest(bytes: Uint8Array): string {
  return `sha-256=:${sha256(bytes)}:`;
}
