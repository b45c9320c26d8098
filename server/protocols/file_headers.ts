import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import { type Fields, header, type RequestHeader } from "../http/header_names.ts";
import type { Log } from "../log.ts";
import type { Announced } from "../model/agree.ts";
import type { Digest } from "../model/digest.ts";
import { cleanName, nameInClientId } from "../model/names.ts";
import { placeOf } from "../model/place.ts";
import type { FileFacts } from "../model/upload.ts";
import {
  headerText,
  parseDigests,
  parseInteger,
  parseMediaType,
  parsePercentEncoded,
  parsePercentEncodedPath,
  parseTime,
} from "./headers.ts";
import { parseOwnMetadata } from "./metadata.ts";

const MAX_CLIENT_ID_BYTES = 1024;

/** The facts of a file that hold where its headers do not say them. */
export interface Otherwise {
  /** A name, with folders or without. */
  readonly name?: string | undefined;
  readonly type?: string | undefined;
}

/**
 * Reads `X-File-Id`: 1 to 1024 opaque bytes, of which the runtime gives each as one character. `undefined` when it is
 * absent or empty.
 */
export function parseClientId(headers: Fields): string | undefined {
  const id = header(headers, "X-File-Id") ?? "";
  if (id.length > MAX_CLIENT_ID_BYTES) {
    throw new UploadError("bad-request", `X-File-Id must be at most ${MAX_CLIENT_ID_BYTES} bytes long`);
  }
  return id === "" ? undefined : id;
}

/** Reads what the headers announce about a body, of `bodyLength` bytes if that is known, and about its file. */
export function parseAnnounced(
  headers: Fields,
  bodyLength: number | undefined,
): Announced & { bodyDigests?: readonly Digest[] } {
  const length = parseInteger(headers, "X-File-Size");
  const bodyDigests = parseDigests(headers, "Content-Digest");
  const digests = parseDigests(headers, "Repr-Digest");
  return {
    offset: parseInteger(headers, "X-Start-Byte") ?? 0,
    toTheEnd: !defersLength(headers, length) && length === undefined,
    neverStartsOver: header(headers, "X-Start-Over") === "?0",
    ...defined({ length, bodyLength, bodyDigests, digests }),
  };
}

/** Reads `Upload-Defer-Length`, by which a body is a part of a file whose length nobody knows yet. */
function defersLength(headers: Fields, length: number | undefined): boolean {
  const value = header(headers, "Upload-Defer-Length");
  if (value !== null && (value !== "1" || length !== undefined)) {
    throw new UploadError("bad-request", "Upload-Defer-Length must be 1: leave it out when the length is known");
  }
  return value !== null;
}

/** Reads what the headers say of the file. Headers that are ignored are told to `log`, if it is given. */
export function parseFacts(
  headers: Fields,
  { clientId = "", log, otherwise = {} }: {
    clientId?: string | undefined;
    log?: Log | undefined;
    otherwise?: Otherwise;
  },
): Omit<FileFacts, "owner"> {
  const type = parseDescription(headers, "X-File-Type", { parse: parseMediaType, log }) ?? otherwise.type;
  const modifiedAt = parseDescription(headers, "X-File-Modified", { parse: parseTime, log });
  return {
    ...parsePlace(headers, clientId, otherwise.name),
    ...defined({ type, modifiedAt, metadata: parseOwnMetadata(headers) }),
  };
}

/** Reads a header that only describes the file. A malformed one is ignored, with a warning in the log. */
function parseDescription<T>(
  headers: Fields,
  name: RequestHeader,
  { parse, log }: { parse(text: string): T | undefined; log: Log | undefined },
): T | undefined {
  const text = header(headers, name) ?? "";
  const value = text === "" ? undefined : parse(text);
  if (text !== "" && value === undefined) log?.warning("Ignored {name}: {text}", { name, text: text.slice(0, 100) });
  return value;
}

/**
 * Reads the file's place from `X-File-Path` and `X-File-Name`. Without a name in them, it is `otherwise`, or else taken
 * from the id.
 */
function parsePlace(
  headers: Fields,
  clientId: string,
  otherwise: string | undefined,
): Pick<FileFacts, "name" | "folders"> {
  const path = parsePercentEncodedPath(headers, "X-File-Path");
  const given = parsePercentEncoded(headers, "X-File-Name");
  const isPlain = path === undefined && given === undefined && otherwise !== undefined;
  const { name, folders } = placeOf({ path, name: isPlain ? otherwise : given });
  if (name !== undefined) return { name, folders };
  if (isPlain) return { name: "file", folders };
  if (given === undefined && (path === undefined || /(?:^|[/\\])$/.test(path))) {
    return { name: cleanName(otherwise ?? nameInClientId(headerText(clientId))) ?? "file", folders };
  }
  const told = given === undefined ? "X-File-Path" : "X-File-Name";
  throw new UploadError("bad-request", `${told} must end with a name that a file can have`);
}
