import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../config.ts";
import { type ErrorCode, UploadError } from "../errors.ts";
import type { AppendRequest } from "../uploads/append.ts";
import type { NamedFileFacts } from "../uploads/by_client.ts";
import type { Engine } from "../uploads/engine.ts";
import type { Log } from "../log.ts";
import { cleanName, nameInClientId } from "../model/names.ts";
import { placeOf } from "../model/place.ts";
import { type CompleteUpload, type FileFacts, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import { addressOf } from "./address.ts";
import { header, type RequestHeader } from "../http/header_names.ts";
import {
  bodyLength,
  headerText,
  parseDigests,
  parseInteger,
  parseMediaType,
  parsePercentEncoded,
  parsePercentEncodedPath,
  parseTime,
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
export function createSimpleProtocol(
  engine: Engine,
  { maxBytes, log }: Pick<Config, "maxBytes"> & { readonly log: Log },
): SimpleProtocol {
  function progress(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
    return {
      "Location": addressOf(upload.id),
      "Upload-Offset": String(safeBytes(upload)),
      "Upload-Complete": upload.state === "complete" ? "?1" : "?0",
      ...upload.length !== undefined && { "Upload-Length": String(upload.length) },
      ...upload.state === "receiving" && { "Upload-Expires": new Date(engine.expiresAt(upload)).toUTCString() },
    };
  }

  /** Where the file of a finished upload can be removed, which is no unfinished one to give up. */
  async function toRemove(clientId: string, error: unknown): Promise<unknown> {
    if (!(error instanceof UploadError) || error.code !== "finished") return error;
    const upload = await engine.statusByClient(OWNER, clientId);
    if (upload === undefined) return error;
    return error.withMessage(`This upload is finished: remove the file by DELETE ${addressOf(upload.id)}`);
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
      const append = parseAppend(request);
      // Said once, of the request that begins.
      const facts = parseFacts(headers, clientId, append.offset === 0 ? log : undefined);
      const upload = uninterrupted(await engine.send(facts, append).catch(throwInOwnWords));
      const count = safeBytes(upload);
      return line(upload.state === "complete" ? `Success ${count}` : String(count), progress(upload));
    },

    async terminate({ headers }) {
      const clientId = parseClientId(headers);
      try {
        await engine.terminateUnfinished(OWNER, clientId);
      } catch (error) {
        throw await toRemove(clientId, error);
      }
      return new Response(null, { status: STATUS_CODE.NoContent });
    },

    // As draft-ietf-httpbis-resumable-upload says it, section 4.1.4.
    headers: () => maxBytes === Infinity ? {} : { "Upload-Limit": `max-size=${maxBytes}` },
  };
}

/** What the engine refuses is told in the words of this protocol, which the engine does not know. */
function throwInOwnWords(error: unknown): never {
  if (!(error instanceof UploadError)) throw error;
  if (error.code === "wrong-offset") throw error.withMessage(`Wrong start byte: ${error.offset}`);
  if (error.code === "size-changed") throw error.withMessage(`${error.message} To replace it, send it from byte 0`);
  throw error;
}

/** `X-File-Id`: 1 to 1024 bytes, opaque; the runtime gives each byte as one character. */
function parseClientId(headers: Headers): string {
  const id = header(headers, "X-File-Id") ?? "";
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
    neverStartsOver: header(headers, "X-Start-Over") === "?0",
    ...length !== undefined && { length },
    ...bytes !== undefined && { bodyLength: bytes },
    ...bodyDigests !== undefined && { bodyDigests },
    ...digests !== undefined && { digests },
  };
}

function parseFacts(headers: Headers, clientId: string, log: Log | undefined): NamedFileFacts {
  const type = parseDescription(headers, "X-File-Type", { parse: parseMediaType, log });
  const modifiedAt = parseDescription(headers, "X-File-Modified", { parse: parseTime, log });
  return {
    owner: OWNER,
    clientId,
    ...parsePlace(headers, clientId),
    ...type !== undefined && { type },
    ...modifiedAt !== undefined && { modifiedAt },
  };
}

/** A header that only describes the file. Nonsense there costs the description, with a warning in the log, not the upload. */
function parseDescription<T>(
  headers: Headers,
  name: RequestHeader,
  { parse, log }: { parse(text: string): T | undefined; log: Log | undefined },
): T | undefined {
  const text = header(headers, name) ?? "";
  const value = text === "" ? undefined : parse(text);
  if (text !== "" && value === undefined) log?.warning("Ignored {name}: {text}", { name, text: text.slice(0, 100) });
  return value;
}

/** Where the file is to lie: `X-File-Path` ends with the name; without any, the name is taken from the id. */
function parsePlace(headers: Headers, clientId: string): Pick<FileFacts, "name" | "folders"> {
  const path = parsePercentEncodedPath(headers, "X-File-Path");
  const given = parsePercentEncoded(headers, "X-File-Name");
  const { name, folders } = placeOf({ path, name: given });
  if (name !== undefined) return { name, folders };
  if (given === undefined && (path === undefined || /(?:^|[/\\])$/.test(path))) {
    return { name: cleanName(nameInClientId(headerText(clientId))) ?? "file", folders };
  }
  const told = given === undefined ? "X-File-Path" : "X-File-Name";
  throw new UploadError("bad-request", `${told} must end with a name that a file can have`);
}

function line(text: string, headers: Record<string, string>): Response {
  return new Response(text, {
    headers: { "Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store", ...headers },
  });
}
