import { UploadError } from "../../errors.ts";
import type { Fields } from "../../http/header_names.ts";
import { fileNameIn } from "../content_disposition.ts";

/** The headers of one part, by the rules of a request's headers. */
export interface PartHead extends Fields {
  /**
   * The file's name as a browser's file input or a program gave it, with folders or without; `""` when no file was
   * chosen. `undefined` for a part that is no file.
   */
  readonly fileName: string | undefined;
}

const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** A character that no header has: a control character but the tab. */
// deno-lint-ignore no-control-regex -- control characters are what it looks for
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads the headers of a part (RFC 7578, section 4), which have one character for each byte. Throws `bad-request` for
 * anything that a request could not have as a header, and for a malformed `Content-Disposition`.
 */
export function parsePartHead(head: string): PartHead {
  const fields = new Map<string, string>();
  for (const line of head === "" ? [] : head.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    if (!FIELD_NAME.test(name) || UNSAFE.test(line)) throw malformed("Each line of a part's head must be a header");
    const value = withoutBlanks(line.slice(colon + 1));
    const before = fields.get(name.toLowerCase());
    fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  const disposition = fields.get("content-disposition");
  return {
    get: (name) => fields.get(name.toLowerCase()) ?? null,
    fileName: disposition === undefined ? undefined : fileNameIn(disposition),
  };
}

/** Removes blanks at both ends. Bytes of UTF-8 may look like other blanks, and stay. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start++;
  while (start < end && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function malformed(rule: string): UploadError {
  return new UploadError("bad-request", rule);
}
