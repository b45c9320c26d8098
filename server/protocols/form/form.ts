import { defined } from "../../defined.ts";
import { UploadError } from "../../errors.ts";
import { header } from "../../http/header_names.ts";
import type { Handler } from "../../http/route.ts";
import { bodyLength, refuseEncoding } from "../headers.ts";
import { answerFor } from "./answers.ts";
import { type FormDeps, FormFiles, MAX_FILES, MAX_HELD_FILE } from "./form_files.ts";

/** The limits of forms that `GET /api/limits` tells. */
export const BATCH_LIMITS = { maxFiles: MAX_FILES, maxFileSize: MAX_HELD_FILE } as const;

/** True for a request whose body is a form. */
export function isForm({ headers }: Request): boolean {
  return /^multipart\/form-data\b/i.test(header(headers, "Content-Type") ?? "");
}

/** Makes the handler of `POST /upload` with a form: many files in one request. docs/api.md documents it. */
export function createForms(deps: Omit<FormDeps, "held">): Handler {
  const held = { count: 0 };
  return async (sent, _id, visitor) => {
    const { headers, body } = sent;
    if (header(headers, "X-File-Id") !== null) {
      throw new UploadError("wrong-media-type", "A form has X-File-Id in the head of each part: or send the raw bytes");
    }
    refuseEncoding(headers);
    const boundary = boundaryIn(header(headers, "Content-Type") ?? "");
    const answer = answerFor(sent);
    const request = { body, ...defined({ bodyLength: bodyLength(headers) }) };
    const received = deps.engine.receiveBatch(
      request,
      (lease) => new FormFiles({ ...deps, held }, { boundary, visitor, answer }, lease),
    );
    return await Promise.race([answer.response, received.then(() => answer.response)]);
  };
}

/** The boundary in a media type (RFC 2046, section 5.1.1). Throws `bad-request` when there is none. */
function boundaryIn(type: string): string {
  const [, quoted, plain] =
    /;\s*boundary=(?:"([\x20-\x7e]{1,70})"|([\x21\x23-\x3a\x3c-\x7e]{1,70}))\s*(?:;|$)/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || boundary.endsWith(" ") || boundary.includes('"')) {
    throw new UploadError("bad-request", "Content-Type must have the boundary: multipart/form-data; boundary=x");
  }
  return boundary;
}
