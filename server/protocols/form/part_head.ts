import { UploadError } from "../../errors.ts";
import type { Fields } from "../../http/header_names.ts";
import { headerText } from "../headers.ts";

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

/** A `Content-Disposition` as browsers and curl mostly send it. */
const USUAL = /^form-data; name="[^"\\]*"; filename="([^"\\%\x80-\xff]*)"$/;

/** A parameter of `Content-Disposition`: its name, and its value with quotes or without. */
const PARAMETER = /;\s*([!#$&+.^_`|~\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*(?=;|$)/gy;

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

function fileNameIn(disposition: string): string | undefined {
  const usual = USUAL.exec(disposition);
  if (usual !== null) return usual[1];
  const parameters = new Map<string, string>();
  let end = /^[\w-]+\s*/.exec(disposition)?.[0].length ?? 0;
  PARAMETER.lastIndex = end;
  for (const [whole, name = "", quoted, plain = ""] of disposition.matchAll(PARAMETER)) {
    if (parameters.has(name.toLowerCase())) throw malformed(`Content-Disposition must have ${name} once`);
    parameters.set(name.toLowerCase(), quoted === undefined ? plain : unquoted(quoted));
    end += whole.length;
  }
  if (!/^;?\s*$/.test(disposition.slice(end))) {
    throw malformed('Content-Disposition must be like form-data; name="file"; filename="a.txt"');
  }
  const extended = parameters.get("filename*");
  const name = parameters.get("filename");
  // RFC 7578 forbids `filename*`, which some programs send all the same (RFC 8187).
  return (extended === undefined ? undefined : extendedText(extended)) ??
    (name === undefined ? undefined : asSent(name));
}

/** Removes the quoting of a quoted string. A path of Windows has backslashes that quote nothing. */
function unquoted(text: string): string {
  return text.replace(/\\(["\\])/g, "$1");
}

/** Decodes a name as browsers encode it: UTF-8, in which three characters are percent-encoded (HTML, section 4.10.22.8). */
function asSent(name: string): string {
  return headerText(name).replace(/%(22|0d|0a)/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** Decodes the value of `filename*` (RFC 8187, section 3.2); `undefined` for one that is malformed. */
function extendedText(value: string): string | undefined {
  const [, encoded] = /^utf-8'[\w-]*'(.*)$/i.exec(value) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function malformed(rule: string): UploadError {
  return new UploadError("bad-request", rule);
}
