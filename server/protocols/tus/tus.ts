import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../../config/config.ts";
import { outwardOf, type OutwardOptions } from "../../config/outward.ts";
import { defined } from "../../defined.ts";
import { asUploadError, UploadError } from "../../errors.ts";
import type { Handler, Statuses } from "../../http/route.ts";
import type { AppendRequest } from "../../uploads/append.ts";
import { CHECKSUM_ALGORITHMS } from "../../model/digest.ts";
import type { Engine } from "../../uploads/engine.ts";
import { owned, type Scope } from "../../model/owner.ts";
import { may } from "../../model/rights.ts";
import type { Visitor } from "../../model/visitor.ts";
import { type CompleteUpload, type FileFacts, isWhole, type ReceivingUpload, safeBytes } from "../../model/upload.ts";
import { addressOf } from "../address.ts";
import { header } from "../../http/header_names.ts";
import { bodyLength, parseInteger, parseMediaType, refuseEncodedBody } from "../headers.ts";
import { uninterrupted } from "../interruption.ts";
import { type Concatenation, parseChecksum, parseConcat, parseNewLength } from "./headers.ts";
import { factsOfMetadata, parseMetadata } from "./metadata.ts";
import { HEAD_STATUS, TUS_STATUS } from "./statuses.ts";

const VERSION = "1.0.0";

/**
 * The extensions of tus that Pawl has. Checksums in trailers are not among them, because the runtime gives no trailers.
 */
const EXTENSIONS = [
  "creation",
  "creation-with-upload",
  "creation-defer-length",
  "checksum",
  "concatenation",
  "expiration",
  "termination",
];

/**
 * The methods that a `POST` may stand for, because some clients cannot send them (tus 1.0.0, `X-HTTP-Method-Override`).
 * All clients can send `HEAD` or `GET`.
 */
export const OVERRIDES = ["PATCH", "DELETE"] as const;

const BODY_TYPE = "application/offset+octet-stream";

/** tus 1.0.0 (https://tus.io/protocols/resumable-upload). */
export interface TusProtocol {
  /** True for a request with `Tus-Resumable`. */
  isSpoken(request: Request): boolean;
  /** `POST /files/`: begins an upload, with or without its first bytes, or concatenates partial ones. */
  readonly create: Handler;
  /** `HEAD /files/<id>`: answers with the offset. */
  readonly status: Handler;
  /**
   * `GET /files/<id>`: answers with the offset, for proxies that turn `HEAD` into `GET`. A finished file's bytes come
   * from `download`, if the visitor may read them.
   */
  offset(request: Request, id: string, visitor: Visitor, download: () => Promise<Response>): Promise<Response>;
  /** `PATCH /files/<id>`: appends the body from `Upload-Offset` on. */
  readonly append: Handler;
  /** `DELETE /files/<id>`: terminates an upload, finished or not. */
  readonly terminate: Handler;
  /** The statuses of a request that differ from the common table. */
  statuses(request: Request, method: string): Statuses;
  /** The headers of every answer to a request, refusals too. */
  headers(request: Request, method: string): Record<string, string>;
}

/** Makes the tus protocol over `engine`, for files of up to `config.maxBytes`, which may change. */
export function createTusProtocol(
  engine: Engine,
  config: Pick<Config, "maxBytes"> & OutwardOptions,
): TusProtocol {
  // Some clients of tus need a whole URL.
  const { url: above } = outwardOf(config);
  const isSpoken = ({ headers }: Request) => header(headers, "Tus-Resumable") !== null;

  function expiry(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
    return upload.state === "complete" ? {} : { "Upload-Expires": new Date(engine.expiresAt(upload)).toUTCString() };
  }

  async function begin(request: Request, scope: Scope, isPartial: boolean): Promise<ReceivingUpload | CompleteUpload> {
    const { headers } = request;
    const length = parseNewLength(headers);
    const facts: FileFacts = { ...owned(scope, parseFacts(headers)), ...isPartial && { partial: true } };
    const sized = defined({ length });
    const body = parseBody(request);
    const hasNothing = body.bodyLength === 0 && body.bodyDigests === undefined;
    if (hasNothing && length !== 0) return await engine.create({ ...facts, ...sized });
    // The upload exists however its body ended, and the client goes on from its offset.
    return (await engine.begin(facts, { ...body, ...sized, offset: 0, toTheEnd: false })).upload;
  }

  async function concatenate(
    request: Request,
    scope: Scope,
    partials: Exclude<Concatenation, "partial">,
  ): Promise<CompleteUpload> {
    const { headers } = request;
    // "The Client MUST NOT include the Upload-Length header in the final upload creation."
    for (const name of ["Upload-Length", "Upload-Defer-Length"] as const) {
      if (header(headers, name) !== null) throw new UploadError("bad-request", `Send a final upload without ${name}`);
    }
    if (parseBody(request).bodyLength !== 0) throw new UploadError("bad-request", "Send a final upload without a body");
    return await engine.concatenate(owned(scope, parseFacts(headers)), partials);
  }

  /**
   * Finds the upload, and finishes it if nothing but that is left to do. A client takes an offset that equals the
   * length for success, so it must not get one before the upload is complete.
   */
  async function finishedIfWhole(id: string, scope: Scope): Promise<ReceivingUpload | CompleteUpload> {
    try {
      const upload = await engine.status(id, scope);
      return upload.state === "receiving" && isWhole(upload) ? await engine.finish(id) : upload;
    } catch (error) {
      const { code, message, cause } = asUploadError(error);
      throw new UploadError(code, message, { cause });
    }
  }

  return {
    isSpoken,

    create: versioned(async (request, _id, { scope }) => {
      const concat = parseConcat(request.headers);
      const upload = typeof concat === "object"
        ? await concatenate(request, scope, concat)
        : await begin(request, scope, concat === "partial");
      const headers = {
        "Location": addressOf(upload.id, above),
        ...offsetOf(upload),
        ...expiry(upload),
      };
      return new Response(null, { status: STATUS_CODE.Created, headers });
    }),

    status: versioned(async (_request, id, { scope }) => {
      try {
        const upload = await finishedIfWhole(id, scope);
        return new Response(null, { headers: { ...repeatedFacts(upload), ...offsetOf(upload), ...expiry(upload) } });
      } catch (error) {
        // A client that did not get the answer for its final upload asks for the partial ones first, which are
        // concatenated.
        const given = await engine.bytesGiven(id, scope);
        if (given === undefined) throw error;
        return new Response(null, { headers: concatenatedFacts(given) });
      }
    }),

    async offset(request, id, visitor, download) {
      checkVersion(request);
      const upload = await finishedIfWhole(id, visitor.scope);
      const isRead = upload.state === "complete" && may(visitor.rights, "read");
      const response = isRead ? await download() : new Response(null);
      const headers = { ...repeatedFacts(upload), ...offsetOf(upload), ...expiry(upload) };
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      return response;
    },

    append: versioned(async (request, id, { scope }) => {
      const { headers } = request;
      if (parseMediaType(header(headers, "Content-Type")) !== BODY_TYPE) throw wrongType();
      const offset = parseInteger(headers, "Upload-Offset");
      if (offset === undefined) throw new UploadError("bad-request", "Send Upload-Offset: where the body starts");
      const length = parseInteger(headers, "Upload-Length");
      const appended = await engine.append(id, scope, {
        ...parseBody(request),
        offset,
        toTheEnd: false,
        ...defined({ length }),
      });
      const upload = uninterrupted(appended);
      return new Response(null, {
        status: STATUS_CODE.NoContent,
        headers: { ...offsetOf(upload), ...expiry(upload) },
      });
    }),

    terminate: versioned(async (_request, id, { scope }) => {
      await engine.terminate(id, scope);
      return new Response(null, { status: STATUS_CODE.NoContent });
    }),

    statuses(request, method) {
      if (!isSpoken(request)) return {};
      return method === "HEAD" || method === "GET" ? HEAD_STATUS : TUS_STATUS;
    },

    headers(request, method) {
      const version = { "Tus-Resumable": VERSION };
      if (method !== "OPTIONS") return isSpoken(request) || method === "POST" || method === "PATCH" ? version : {};
      return {
        ...version,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS.join(","),
        "Tus-Checksum-Algorithm": CHECKSUM_ALGORITHMS.join(","),
        ...config.maxBytes !== Infinity && { "Tus-Max-Size": String(config.maxBytes) },
      };
    },
  };
}

function versioned(handler: Handler): Handler {
  return async (request, ...rest) => {
    checkVersion(request);
    return await handler(request, ...rest);
  };
}

/** "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 status." */
function checkVersion({ headers }: Request): void {
  if (header(headers, "Tus-Resumable") === VERSION) return;
  throw new UploadError("wrong-version", `This server speaks tus ${VERSION}: send Tus-Resumable: ${VERSION}`, {
    headers: { "Tus-Version": VERSION },
  });
}

/** The offset header. A final upload has none until it is concatenated. */
function offsetOf(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
  const isUnknown = upload.state === "receiving" && upload.concat !== undefined;
  return isUnknown ? {} : { "Upload-Offset": String(safeBytes(upload)) };
}

/** The headers that repeat what the client sent when it began the upload. */
function repeatedFacts(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
  const { length, metadata } = upload;
  const concat = upload.state === "receiving" && upload.partial ? "partial" : upload.concat?.asSent;
  return {
    "Cache-Control": "no-store",
    ...length === undefined ? { "Upload-Defer-Length": "1" } : { "Upload-Length": String(length) },
    ...defined({ "Upload-Metadata": metadata, "Upload-Concat": concat }),
  };
}

/** The headers of a partial upload that was concatenated, and so was whole. */
function concatenatedFacts(length: number): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    "Upload-Concat": "partial",
    "Upload-Length": String(length),
    "Upload-Offset": String(length),
  };
}

function parseFacts(headers: Headers): Omit<FileFacts, "owner"> {
  const metadata = header(headers, "Upload-Metadata");
  const facts = factsOfMetadata(parseMetadata(metadata ?? ""));
  return { ...facts, ...metadata !== null && { metadata } };
}

/** Reads the body, its length and its checksum. Throws for a body with a content coding or with a wrong media type. */
function parseBody(request: Request): Pick<AppendRequest, "body" | "bodyLength" | "bodyDigests"> {
  const { headers, body } = request;
  refuseEncodedBody(headers);
  const checksum = parseChecksum(headers);
  const length = body === null ? 0 : bodyLength(headers);
  if (length !== 0 && parseMediaType(header(headers, "Content-Type")) !== BODY_TYPE) {
    // The runtime gives an empty stream for a request without a body and without a length.
    if (length !== undefined || header(headers, "Transfer-Encoding") !== null) throw wrongType();
    return { body: null, bodyLength: 0 };
  }
  return {
    body,
    ...defined({ bodyLength: length, bodyDigests: checksum && [checksum] }),
  };
}

function wrongType(): UploadError {
  return new UploadError("wrong-media-type", `Send the bytes of the file as Content-Type: ${BODY_TYPE}`);
}
