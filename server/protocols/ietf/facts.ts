import { header } from "../../http/header_names.ts";
import { cleanName } from "../../model/names.ts";
import type { FileFacts } from "../../model/upload.ts";
import { fileNameIn } from "../content_disposition.ts";
import { parseMediaType } from "../headers.ts";
import { factsOfMetadata, parseMetadata } from "../tus/metadata.ts";
import { PARTIAL_UPLOAD } from "./fields.ts";

/** The media types that say nothing of a file. curl sends the last one unless it is told another. */
const SAY_NOTHING = [PARTIAL_UPLOAD, "application/octet-stream", "application/x-www-form-urlencoded"];

/**
 * Reads the facts of a file from the request that begins its upload: `Content-Disposition` and `Content-Type` (section
 * 4.2.1 of the draft), or else the `Upload-Metadata` of tus, which tus-js-client sends in this protocol too. Of a path in
 * `Content-Disposition` the last segment counts (RFC 6266, section 4.3). Throws `bad-request` for anything malformed.
 */
export function parseFacts(headers: Headers): Omit<FileFacts, "owner"> {
  const metadata = header(headers, "Upload-Metadata");
  if (metadata !== null) return { ...factsOfMetadata(parseMetadata(metadata)), metadata };
  const disposition = header(headers, "Content-Disposition");
  const name = disposition === null ? undefined : fileNameIn(disposition);
  const type = parseMediaType(header(headers, "Content-Type"));
  return {
    name: cleanName(name ?? "") ?? "file",
    folders: [],
    ...type !== undefined && !SAY_NOTHING.includes(type) && { type },
  };
}
