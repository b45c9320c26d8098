import { defined } from "../../defined.ts";
import { UploadError } from "../../errors.ts";
import { placeOf } from "../../model/place.ts";
import type { FileFacts } from "../../model/upload.ts";
import { parseBase64, parseMediaType, quote } from "../headers.ts";

/** The longest `Upload-Metadata`, in bytes. The record holds it, and Deno KV takes 64 KiB for a record. */
const MAX_LENGTH = 16 * 1024;

/**
 * Reads `Upload-Metadata` (tus 1.0.0, Creation): pairs of a key and the base64 of its value, which may be any bytes. An
 * empty value may be omitted with its space. Throws `bad-request` for anything malformed, and for a repeated key.
 */
export function parseMetadata(text: string): Map<string, Uint8Array<ArrayBuffer>> {
  if (text.length > MAX_LENGTH) {
    throw new UploadError("bad-request", `Upload-Metadata must be at most ${MAX_LENGTH} bytes long`);
  }
  const metadata = new Map<string, Uint8Array<ArrayBuffer>>();
  if (text.trim() === "") return metadata;
  for (const pair of text.split(",")) {
    const [, key, base64 = ""] = /^([\x21-\x7e]+)(?: (\S*))?$/.exec(pair.trim()) ?? [];
    if (key === undefined) {
      throw new UploadError("bad-request", `Upload-Metadata must be pairs like name BASE64, not ${quote(pair.trim())}`);
    }
    const value = parseBase64(base64);
    if (value === undefined) {
      throw new UploadError("bad-request", `Upload-Metadata must have base64 for the value of ${quote(key)}`);
    }
    if (metadata.has(key)) throw new UploadError("bad-request", `Upload-Metadata must have ${quote(key)} only once`);
    metadata.set(key, value);
  }
  return metadata;
}

/**
 * Reads the facts of a file from its metadata, by the keys that clients use: `filename` or `name`, `relativePath`,
 * `filetype` or `type`. An impossible name and a malformed media type are ignored. Throws `bad-request` for folders
 * that climb out or go past the limits.
 */
export function factsOfMetadata(
  metadata: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Pick<FileFacts, "name" | "folders" | "type"> {
  const text = (...keys: string[]) => {
    const value = keys.map((key) => metadata.get(key)).find((value) => value !== undefined && value.length > 0);
    return value === undefined ? undefined : textOf(value);
  };
  const path = text("relativePath") ?? "";
  const place = {
    // Some clients send "null" for no path, and others begin the path with a slash.
    path: path === "null" || path === "undefined" ? "" : path.replace(/^[/\\]/, ""),
    name: text("filename", "name"),
  };
  const { name, folders } = placeOf(place);
  const type = parseMediaType(text("filetype", "type") ?? null);
  return {
    name: name ?? placeOf({ path: place.path }).name ?? "file",
    folders,
    ...defined({ type }),
  };
}

/** Decodes UTF-8, or else Windows-1252, which older systems send. */
function textOf(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
