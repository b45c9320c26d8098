import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../config.ts";
import { defined } from "../defined.ts";
import { type ErrorCode, UploadError } from "../errors.ts";
import type { AppendRequest } from "../uploads/append.ts";
import type { Handler } from "../http/route.ts";
import type { NamedFileFacts } from "../uploads/by_client.ts";
import type { Engine } from "../uploads/engine.ts";
import type { Log } from "../log.ts";
import { cleanName, nameInClientId } from "../model/names.ts";
import { owned, type Scope } from "../model/owner.ts";
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
import { parseOwnMetadata } from "./metadata.ts";

/** The statuses of this protocol that differ from the common table. */
export const SIMPLE_STATUS: Partial<Record<ErrorCode, number>> = { "wrong-offset": STATUS_CODE.BadRequest };

const MAX_CLIENT_ID_BYTES = 1024;

/** The simple protocol: a client asks for the offset, and sends the rest. README documents it. */
export interface SimpleProtocol {
  /** `GET /status`: answers with the offset. */
  readonly status: Handler;
  /** `POST /upload`: appends the body from `X-Start-Byte` on. */
  readonly send: Handler;
  /** `DELETE /upload`: terminates an unfinished upload. */
  readonly terminate: Handler;
  /** The headers of every answer, refusals too: the largest file that the server accepts. */
  headers(): Record<string, string>;
}

/** Makes the simple protocol over `engine`, for files of up to `maxBytes`. */
export function createSimpleProtocol(
  engine: Engine,
  { maxBytes, log }: Pick<Config, "maxBytes"> & { readonly log: Log },
): SimpleProtocol {
  function progress(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
    return {
      "Location": addressOf(upload.id),
      "Upload-Offset": String(safeBytes(upload)),
      "Upload-Complete": upload.state === "complete" ? "?1" : "?0",
      ...defined({ "Upload-Length": upload.length?.toString() }),
      ...upload.state === "receiving" && { "Upload-Expires": new Date(engine.expiresAt(upload)).toUTCString() },
    };
  }

  /** Adds to a `finished` error how the finished file can be removed. */
  async function withAddress({ owner }: Scope, clientId: string, error: unknown): Promise<unknown> {
    if (!(error instanceof UploadError) || error.code !== "finished") return error;
    const upload = await engine.statusByClient(owner, clientId);
    if (upload === undefined) return error;
    return error.withMessage(`This upload is finished: remove the file by DELETE ${addressOf(upload.id)}`);
  }

  return {
    async status({ headers }, _id, { scope }) {
      const upload = await engine.statusByClient(scope.owner, parseClientId(headers));
      if (upload === undefined) return line("0", { "Upload-Offset": "0", "Upload-Complete": "?0" });
      return line(String(safeBytes(upload)), progress(upload));
    },

    async send(request, _id, { scope }) {
      const { headers } = request;
      const clientId = parseClientId(headers);
      refuseEncodedBody(headers);
      const append = parseAppend(request);
      // Only the request that begins the upload logs ignored headers.
      const facts = owned(scope, parseFacts(headers, clientId, append.offset === 0 ? log : undefined));
      const upload = uninterrupted(await engine.send(facts, append).catch(throwInOwnWords));
      const offset = safeBytes(upload);
      return line(upload.state === "complete" ? `Success ${offset}` : String(offset), progress(upload));
    },

    async terminate({ headers }, _id, { scope }) {
      const clientId = parseClientId(headers);
      try {
        await engine.terminateUnfinished(scope.owner, clientId);
      } catch (error) {
        throw await withAddress(scope, clientId, error);
      }
      return new Response(null, { status: STATUS_CODE.NoContent });
    },

    // The form is that of draft-ietf-httpbis-resumable-upload, section 4.1.4.
    headers: () => maxBytes === Infinity ? {} : { "Upload-Limit": `max-size=${maxBytes}` },
  };
}

/** Throws the engine's error again, with this protocol's words in its message. */
function throwInOwnWords(error: unknown): never {
  if (!(error instanceof UploadError)) throw error;
  if (error.code === "wrong-offset") throw error.withMessage(`Wrong start byte: ${error.offset}`);
  if (error.code === "size-changed") throw error.withMessage(`${error.message} To replace it, send it from byte 0`);
  throw error;
}

/** Reads `X-File-Id`: 1 to 1024 opaque bytes, of which the runtime gives each as one character. */
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
    ...defined({ length, bodyLength: bytes, bodyDigests, digests }),
  };
}

function parseFacts(headers: Headers, clientId: string, log: Log | undefined): Omit<NamedFileFacts, "owner"> {
  const type = parseDescription(headers, "X-File-Type", { parse: parseMediaType, log });
  const modifiedAt = parseDescription(headers, "X-File-Modified", { parse: parseTime, log });
  return {
    clientId,
    ...parsePlace(headers, clientId),
    ...defined({ type, modifiedAt, metadata: parseOwnMetadata(headers) }),
  };
}

/** Reads a header that only describes the file. A malformed one is ignored, with a warning in the log. */
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

/**
 * Reads the file's place from `X-File-Path` and `X-File-Name`. Without a name in them, the name is taken from the id.
 */
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
