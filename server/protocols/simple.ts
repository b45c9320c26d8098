import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../config.ts";
import { type ErrorCode, UploadError } from "../errors.ts";
import type { AppendRequest } from "../uploads/append.ts";
import type { NamedFileFacts } from "../uploads/by_client.ts";
import type { Engine } from "../uploads/engine.ts";
import { addressOf } from "../model/address.ts";
import { cleanFolders, cleanName, nameInClientId } from "../model/names.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import {
  bodyLength,
  headerText,
  parseDigests,
  parseInteger,
  parseMediaType,
  parsePercentEncoded,
  parsePercentEncodedPath,
  refuseEncodedBody,
} from "./headers.ts";
import { uninterrupted } from "./interruption.ts";
import { OWNER } from "./owner.ts";

/** Where this protocol's own words for a failure differ from the common table. */
export const SIMPLE_STATUS: Partial<Record<ErrorCode, number>> = { "wrong-offset": STATUS_CODE.BadRequest };

const MAX_CLIENT_ID_BYTES = 1024;

/** The simple protocol: ask how much is there, send the rest. */
export interface SimpleProtocol {
  /** `GET /status`: how many bytes of the file the server holds safely. */
  status(request: Request): Promise<Response>;
  /** `POST /upload`: the bytes from `X-Start-Byte` on. */
  send(request: Request): Promise<Response>;
  /** `DELETE /upload`: ends an unfinished upload for good. */
  terminate(request: Request): Promise<Response>;
  /** What every answer says, refusals too: the largest file that is taken, for a client to know before it sends one. */
  headers(): Record<string, string>;
}

/** The simple protocol over `engine`, with files of up to `maxBytes`. */
export function createSimpleProtocol(engine: Engine, { maxBytes }: Pick<Config, "maxBytes">): SimpleProtocol {
  function progress(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
    return {
      "Location": addressOf(upload.id),
      "Upload-Offset": String(safeBytes(upload)),
      "Upload-Complete": upload.state === "complete" ? "?1" : "?0",
      ...upload.length !== undefined && { "Upload-Length": String(upload.length) },
      ...upload.state === "receiving" && { "Upload-Expires": new Date(engine.expiresAt(upload)).toUTCString() },
    };
  }

  return {
    async status({ headers }) {
      const upload = await engine.statusByClient(OWNER, parseClientId(headers));
      if (upload === undefined) return line("0", { "Upload-Offset": "0", "Upload-Complete": "?0" });
      return line(String(safeBytes(upload)), progress(upload));
    },

    async send(request) {
      const { headers } = request;
      const clientId = parseClientId(headers);
      refuseEncodedBody(headers);
      const upload = uninterrupted(await engine.send(parseFacts(headers, clientId), parseAppend(request)));
      const count = safeBytes(upload);
      return line(upload.state === "complete" ? `Success ${count}` : String(count), progress(upload));
    },

    async terminate({ headers }) {
      await engine.terminateUnfinished(OWNER, parseClientId(headers));
      return new Response(null, { status: STATUS_CODE.NoContent });
    },

    // As draft-ietf-httpbis-resumable-upload says it, section 4.1.4.
    headers: () => maxBytes === Infinity ? {} : { "Upload-Limit": `max-size=${maxBytes}` },
  };
}

/** `X-File-Id`: 1 to 1024 bytes, opaque; the runtime gives each byte as one character. */
function parseClientId(headers: Headers): string {
  const id = headers.get("x-file-id") ?? "";
  if (id === "") throw new UploadError("bad-request", "No file id");
  if (id.length > MAX_CLIENT_ID_BYTES) {
    throw new UploadError("bad-request", `X-File-Id must be at most ${MAX_CLIENT_ID_BYTES} bytes long`);
  }
  return id;
}

function parseAppend({ headers, body }: Request): AppendRequest {
  const length = parseInteger(headers, "X-File-Size");
  const bytes = bodyLength(headers);
  const bodyDigests = parseDigests(headers, "Content-Digest");
  const digests = parseDigests(headers, "Repr-Digest");
  return {
    offset: parseInteger(headers, "X-Start-Byte") ?? 0,
    body,
    toTheEnd: length === undefined,
    neverStartsOver: headers.get("x-start-over") === "?0",
    ...length !== undefined && { length },
    ...bytes !== undefined && { bodyLength: bytes },
    ...bodyDigests !== undefined && { bodyDigests },
    ...digests !== undefined && { digests },
  };
}

function parseFacts(headers: Headers, clientId: string): NamedFileFacts {
  const type = parseType(headers);
  const modifiedAt = parseInteger(headers, "X-File-Modified");
  return {
    owner: OWNER,
    clientId,
    ...parseName(headers, clientId),
    ...type !== undefined && { type },
    ...modifiedAt !== undefined && { modifiedAt },
  };
}

/** The file's name and folders: `X-File-Path` ends with the name; without any, the name is taken from the id. */
function parseName(headers: Headers, clientId: string): { name: string; folders: string[] } {
  const path = parsePercentEncodedPath(headers, "X-File-Path") ?? [];
  const last = path.pop() ?? "";
  const folders = cleanFolders(path);
  if (folders === undefined) {
    throw new UploadError("bad-request", "X-File-Path must be folders and a name below the root, without . or ..");
  }
  const given = parsePercentEncoded(headers, "X-File-Name") ?? (last === "" ? undefined : last);
  const name = cleanName(given ?? nameInClientId(headerText(clientId)));
  if (name !== undefined) return { name, folders };
  if (given === undefined) return { name: "file", folders };
  throw new UploadError("bad-request", "X-File-Name must hold a name that a file can have");
}

function parseType(headers: Headers): string | undefined {
  const text = headers.get("x-file-type");
  if (text === null || text === "") return undefined;
  const type = parseMediaType(text);
  if (type === undefined) throw new UploadError("bad-request", "X-File-Type must be a media type such as image/png");
  return type;
}

function line(text: string, headers: Record<string, string>): Response {
  return new Response(text, {
    headers: { "Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store", ...headers },
  });
}
