import { createHash } from "node:crypto";
import { OTHER } from "./sources.ts";
import { numberIn } from "./model_simple.ts";
import type { Said } from "./model_world.ts";
import { head, type RawAnswer } from "./raw.ts";
import { base64, BODY_TYPE } from "./tus_wire.ts";
import { NEW, type Send } from "./upload_model.ts";

const VERSION = { "Tus-Resumable": "1.0.0" };

const ALGORITHMS = ["sha1", "sha256", "sha512", "md5"] as const;

/** The head of a `PATCH`, or of a `POST` that begins an upload, without what says how the body comes. */
export function tusBodyHead(
  name: string,
  { address, start, size, bytes, bodyDigest }: Send & { address: string },
  body: Uint8Array,
  headers: Record<string, string | number>,
): string {
  const algorithm = ALGORITHMS[bytes % ALGORITHMS.length] ?? "sha1";
  const checksum = createHash(algorithm).update(bodyDigest === "right" ? body : OTHER).digest("base64");
  const isNew = address === NEW;
  const length = size === undefined ? isNew && { "Upload-Defer-Length": 1 } : { "Upload-Length": size };
  return head(`${isNew ? "POST" : "PATCH"} ${address}`, {
    ...VERSION,
    "Content-Type": BODY_TYPE,
    ...isNew ? { "Upload-Metadata": `filename ${base64(name)}` } : { "Upload-Offset": start },
    ...length,
    ...bodyDigest !== "none" && { "Upload-Checksum": `${algorithm} ${checksum}` },
    ...headers,
  });
}

/** `HEAD` or `DELETE` of an upload's address. */
export function tusHead(method: "HEAD" | "DELETE", address: string): string {
  return head(`${method} ${address}`, VERSION);
}

/** The model's status and line of a refusal, by tus' own. The model speaks the simple protocol. */
const REFUSALS: readonly {
  readonly code: string;
  readonly tus: number;
  readonly model: (body: string, offset: number | undefined) => string;
}[] = [
  { code: "wrong-offset", tus: 409, model: (_body, offset) => `400 Wrong start byte: ${offset}` },
  { code: "digest-mismatch", tus: 460, model: (body) => `400 ${body}` },
  { code: "disconnected", tus: 503, model: (body) => `408 ${body}` },
  { code: "terminated", tus: 404, model: (body) => `410 ${body}` },
];

/** Translates an answer to `PATCH`, `POST` or `DELETE` into the model's words. */
export function saidByTus({ status, headers, body }: RawAnswer, address: string): Said {
  const offset = numberIn(headers, "upload-offset");
  const untold = { offset, length: undefined, complete: undefined, location: undefined };
  if (status !== (address === NEW ? 201 : 204)) return { ...untold, line: refusalLine({ status, headers, body }) };
  if (offset === undefined) return { ...untold, line: "204 " };
  return { ...untold, ...progress(headers, offset, headers.get("location") ?? address), length: "untold" };
}

/** Translates an answer to `HEAD`, which has no body, into the model's words. */
export function saidToHead({ status, headers }: RawAnswer, address: string): Said {
  const offset = numberIn(headers, "upload-offset");
  const length = numberIn(headers, "upload-length");
  const untold = { offset, length, complete: undefined, location: undefined };
  const isDeferred = headers.get("upload-defer-length") === "1";
  if (status !== 200 || offset === undefined || isDeferred !== (length === undefined)) {
    return { ...untold, line: `${status} to HEAD` };
  }
  const { complete, location } = progress(headers, offset, address);
  return { ...untold, line: `200 ${offset}`, complete, location };
}

/** Only what is not finished expires. */
function progress(headers: Headers, offset: number, location: string): Pick<Said, "line" | "complete" | "location"> {
  const complete = !headers.has("upload-expires");
  return { line: complete ? `200 Success ${offset}` : `200 ${offset}`, complete, location };
}

function refusalLine({ status, headers, body }: RawAnswer): string {
  const refusal = REFUSALS.find(({ code }) => code === headers.get("x-error"));
  if (refusal === undefined) return `${status} ${body}`;
  return refusal.tus === status ? refusal.model(body, numberIn(headers, "upload-offset")) : `${status} by tus: ${body}`;
}
