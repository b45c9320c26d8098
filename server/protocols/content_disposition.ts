import { UploadError } from "../errors.ts";
import { headerText } from "./headers.ts";

/** A `Content-Disposition` as browsers and curl mostly send it. */
const USUAL = /^form-data; name="[^"\\]*"; filename="([^"\\%\x80-\xff]*)"$/;

/** A parameter of `Content-Disposition`: its name, and its value with quotes or without. */
const PARAMETER = /;\s*([!#$&+.^_`|~\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*(?=;|$)/gy;

/**
 * Reads a file's name from `Content-Disposition` (RFC 6266, section 4; RFC 7578, section 4.2), which has one character for
 * each byte; `undefined` when it has none. `filename*` counts more than `filename`. Throws `bad-request` for a malformed
 * one.
 */
export function fileNameIn(disposition: string): string | undefined {
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
    throw malformed('Content-Disposition must be a word and parameters behind it, like ; filename="a.txt"');
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
