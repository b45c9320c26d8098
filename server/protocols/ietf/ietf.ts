import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../../config/config.ts";
import { outwardOf, type OutwardOptions } from "../../config/outward.ts";
import { defined } from "../../defined.ts";
import { UploadError } from "../../errors.ts";
import type { Handler, Statuses } from "../../http/route.ts";
import { owned, type Scope } from "../../model/owner.ts";
import { may } from "../../model/rights.ts";
import type { Visitor } from "../../model/visitor.ts";
import {
  type CompleteUpload,
  type FileFacts,
  isWhole,
  largest,
  type ReceivingUpload,
  safeBytes,
} from "../../model/upload.ts";
import { type AppendRequest, isRefusal } from "../../uploads/append.ts";
import type { Engine } from "../../uploads/engine.ts";
import { isFinal } from "../../uploads/open_upload.ts";
import { addressOf } from "../address.ts";
import { askWhetherBrokenOff } from "../broken_off.ts";
import { bodyLength, refuseEncodedBody } from "../headers.ts";
import { uninterrupted } from "../interruption.ts";
import { type DigestField, mismatched, parseDigestField, reprDigest, wantedDigests } from "./digests.ts";
import { parseFacts } from "./facts.ts";
import {
  completenessHeader,
  isIetf,
  isPartialUpload,
  parseState,
  PARTIAL_UPLOAD,
  refuseStateFields,
  type State,
  versionHeader,
} from "./fields.ts";
import { type Interim, interimOf } from "./interim.ts";
import { limitHeaders } from "./limits.ts";
import { COMPLETED_UPLOAD, INCONSISTENT_LENGTH, inconsistentLength, mismatchingOffset } from "./problems.ts";
import { IETF_HEAD_STATUS, IETF_STATUS } from "./statuses.ts";
import { type Rules, rulesOf } from "./versions.ts";

/**
 * Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, versions -01 to -13), at the addresses of tus. A
 * request of it is known by its fields.
 */
export interface IetfProtocol {
  /** True for a request with a field, or a body, of this protocol. */
  isSpoken(request: Request): boolean;
  /** `POST` and `PUT /files/`: begins an upload, with all, some or none of its bytes. */
  readonly create: Handler;
  /** `HEAD` and `GET /files/<id>`: answers with the offset, after a request that brings bytes has ended. */
  readonly status: Handler;
  /**
   * `HEAD /files/<id>` of a client that names no protocol: adds the upload's state to the head of the finished file, which
   * comes from `download`, or answers with the state alone.
   */
  head(request: Request, id: string, visitor: Visitor, download: () => Promise<Response>): Promise<Response>;
  /** `PATCH /files/<id>`: appends the body from `Upload-Offset` on. */
  readonly append: Handler;
  /** `DELETE /files/<id>`: terminates an upload, finished or not. */
  readonly terminate: Handler;
  /** The statuses of a request that differ from the common table. */
  statuses(method: string): Statuses;
  /** The headers of every answer to a request, refusals too. */
  headers(request: Request, method: string): Record<string, string>;
  /** The headers of every answer to `OPTIONS`. */
  options(request: Request): Record<string, string>;
}

/** A request that brings bytes, and what it says. */
interface Bringing {
  readonly rules: Rules;
  readonly state: State & { readonly isLast: boolean };
  readonly body: Pick<AppendRequest, "body" | "bodyLength" | "bodyDigests" | "digests" | "isBrokenOff">;
}

/** Makes the protocol over `engine`, with the limits of `config`, which may change. */
export function createIetfProtocol(
  engine: Engine,
  config: Pick<Config, "maxBytes" | "expireAfterMs"> & OutwardOptions,
  now: () => number,
): IetfProtocol {
  const { url: above } = outwardOf(config);

  function limitsOf(upload: ReceivingUpload | CompleteUpload, rules: Rules): Record<string, string> {
    const { maxBytes } = config;
    if (upload.state === "complete") return limitHeaders({ maxBytes }, rules);
    return limitHeaders({ maxBytes: largest(upload, maxBytes), remainingMs: engine.expiresAt(upload) - now() }, rules);
  }

  function stateOf(upload: ReceivingUpload | CompleteUpload, rules: Rules): Record<string, string> {
    return {
      "Cache-Control": "no-store",
      "Upload-Offset": String(safeBytes(upload)),
      ...completenessHeader(upload.state === "complete", rules),
      ...defined({ "Upload-Length": upload.length?.toString() }),
      ...limitsOf(upload, rules),
    };
  }

  /** Adds to a refusal what this protocol says of its kind. */
  function inOwnWords(error: unknown, { rules, state, body }: Bringing, scope: Scope): unknown {
    if (!(error instanceof UploadError) || error.problem !== undefined) return error;
    switch (error.code) {
      case "too-large":
        return error.with({
          headers: limitHeaders(
            { maxBytes: Math.min(config.maxBytes, scope.maxBytes ?? Infinity), remainingMs: config.expireAfterMs },
            rules,
          ),
        });
      case "wrong-offset":
        return mismatchingOffset(error, state.offset ?? 0);
      case "size-changed":
      case "too-long":
        return error.with({ problem: INCONSISTENT_LENGTH });
      case "digest-mismatch": {
        const name: DigestField = isAboutBody(error) ? "Content-Digest" : "Repr-Digest";
        return mismatched(error, { name, digests: (isAboutBody(error) ? body.bodyDigests : body.digests) ?? [] });
      }
      default:
        return error;
    }
  }

  /**
   * Ends an upload that cannot become the file any more: it got bytes past its length, or all of its bytes are not those
   * of its digest. Gives the refusal.
   */
  async function ended(error: UploadError, id: string, scope: Scope, rules: Rules): Promise<UploadError> {
    try {
      await engine.terminateIfUnfinished(id, scope);
      const why = error.code === "too-long" ? "got more bytes than it has" : "does not have the digest that was given";
      return new UploadError(error.code, `The file ${why}, so its upload has ended: begin a new one`);
    } catch (trouble) {
      const isComplete = trouble instanceof UploadError && trouble.code === "finished";
      return isComplete && rules.completedProblem === "completed-upload"
        ? error.with({ problem: COMPLETED_UPLOAD })
        : error;
    }
  }

  async function begin(
    { rules, state: { length, isLast }, body }: Bringing,
    facts: FileFacts,
    interim: Interim | undefined,
  ): Promise<ReceivingUpload | CompleteUpload> {
    const { bodyDigests, digests } = body;
    const awaitsEnd = !isLast && !rules.lengthCompletes;
    const tell = (upload: ReceivingUpload) => interim?.begun(addressOf(upload.id, above), limitsOf(upload, rules));
    const isEmpty = body.bodyLength === 0 && bodyDigests === undefined;
    if (isEmpty && !isLast && !(length === 0 && rules.lengthCompletes)) {
      const upload = await engine.create({ ...facts, ...awaitsEnd && { awaitsEnd }, ...defined({ length, digests }) });
      tell(upload);
      return upload;
    }
    let begun: ReceivingUpload | undefined;
    try {
      const appended = await engine.begin(facts, {
        ...body,
        ...defined({ length }),
        offset: 0,
        toTheEnd: isLast,
        awaitsEnd,
        isRecordedFirst: interim !== undefined,
        onBegun: (upload) => tell(begun = upload),
        ...toldSafe(interim, body),
      });
      if (appended.upload.state === "receiving") begun = appended.upload;
      return wholeIfLast(uninterrupted(appended), isLast);
    } catch (error) {
      // The client can go on with what came, unless all of it was refused.
      const isThere = begun !== undefined && !isRefusal(error);
      if (!(error instanceof UploadError) || !isThere) throw error;
      throw error.with({ headers: { "Location": addressOf(begun!.id, above) } });
    }
  }

  return {
    isSpoken: isIetf,

    async create(request, _id, { scope }, { sendInterim }) {
      const bringing = parseBringing(request);
      const { rules, state: { length, isLast }, body } = bringing;
      checkLengths({ offset: 0, length, isLast }, body.bodyLength);
      const facts = { ...owned(scope, parseFacts(request.headers)), ...wantedDigests(request.headers) };
      const upload = await begin(bringing, facts, interimOf(rules, sendInterim)).catch((error) => {
        throw inOwnWords(error, bringing, scope);
      });
      return new Response(null, {
        status: STATUS_CODE.Created,
        headers: {
          "Location": addressOf(upload.id, above),
          ...stateOf(upload, rules),
          ...reprDigest(request.headers, upload),
        },
      });
    },

    async status({ headers }, id, { scope }) {
      const rules = rulesOf(headers);
      refuseStateFields(headers, rules);
      const found = await engine.status(id, scope, { takesOver: true });
      if (found.state === "receiving" && found.concat !== undefined) throw isFinal();
      // Clients of these versions take an offset that equals the length for success.
      const isDue = rules.lengthCompletes && found.state === "receiving" && isWhole(found);
      const upload = isDue ? await engine.finish(id) : found;
      return new Response(null, { status: STATUS_CODE.NoContent, headers: stateOf(upload, rules) });
    },

    async head({ headers }, id, { scope, rights }, download) {
      if (!may(rights, "upload")) return await download();
      const upload = await engine.status(id, scope);
      if (upload.state === "receiving" && upload.concat !== undefined) return await download();
      const { "Cache-Control": _, ...state } = stateOf(upload, rulesOf(headers));
      if (upload.state === "receiving") {
        return new Response(null, {
          status: STATUS_CODE.NoContent,
          headers: { ...state, "Cache-Control": "no-store" },
        });
      }
      const response = await download();
      for (const [name, value] of Object.entries(state)) response.headers.set(name, value);
      return response;
    },

    async append(request, id, { scope }, { sendInterim }) {
      const bringing = parseBringing(request);
      const { rules, state: { offset, length, isLast }, body } = bringing;
      if (rules.needsPartialType && !isPartialUpload(request.headers)) throw wrongType();
      if (offset === undefined) {
        throw new UploadError("bad-request", "Send Upload-Offset: the byte of the file at which the body starts");
      }
      checkLengths({ offset, length, isLast }, body.bodyLength);
      try {
        const appended = await engine.append(id, scope, {
          ...body,
          ...defined({ length }),
          offset,
          toTheEnd: isLast,
          awaitsEnd: !isLast && !rules.lengthCompletes,
          ...toldSafe(interimOf(rules, sendInterim), body),
        });
        const upload = wholeIfLast(uninterrupted(appended), isLast);
        return new Response(null, {
          status: rules.appended,
          headers: { ...stateOf(upload, rules), ...reprDigest(request.headers, upload) },
        });
      } catch (error) {
        const isOver = error instanceof UploadError &&
          (isPastEnd(error, { offset, length }) || error.code === "digest-mismatch" && !isAboutBody(error));
        throw inOwnWords(isOver ? await ended(error, id, scope, rules) : error, bringing, scope);
      }
    },

    async terminate({ headers }, id, { scope }) {
      refuseStateFields(headers, rulesOf(headers));
      await engine.terminate(id, scope);
      return new Response(null, { status: STATUS_CODE.NoContent });
    },

    statuses: (method) => method === "HEAD" || method === "GET" ? IETF_HEAD_STATUS : IETF_STATUS,

    headers({ headers }, method) {
      const rules = rulesOf(headers);
      const brings = method === "POST" || method === "PUT" || method === "PATCH";
      // A refusal is never the answer of the whole upload (section 4.1.2).
      return { ...versionHeader(rules), ...brings && completenessHeader(false, rules) };
    },

    options({ headers }) {
      const { maxBytes, expireAfterMs } = config;
      return {
        "Accept-Patch": `${PARTIAL_UPLOAD}, application/offset+octet-stream`,
        ...limitHeaders({ maxBytes, remainingMs: expireAfterMs }, rulesOf(headers)),
      };
    },
  };
}

/** Reads what a request that brings bytes says. Throws `bad-request` and other refusals. */
function parseBringing(request: Request): Bringing {
  const { headers, body } = request;
  const rules = rulesOf(headers);
  const state = parseState(headers, rules);
  const { isLast } = state;
  refuseEncodedBody(headers);
  if (isLast === undefined) {
    throw new UploadError(
      "bad-request",
      "Send Upload-Complete: ?1 with the last bytes of the file, and ?0 before that",
    );
  }
  const isBrokenOff = askWhetherBrokenOff(request);
  return {
    rules,
    state: { ...state, isLast },
    body: {
      body,
      ...defined({
        bodyLength: body === null ? 0 : bodyLength(headers),
        bodyDigests: parseDigestField(headers, "Content-Digest"),
        digests: parseDigestField(headers, "Repr-Digest"),
        isBrokenOff,
      }),
    },
  };
}

/** Throws when the fields of one request tell two lengths (section 4.1.3). */
function checkLengths(
  { offset, length, isLast }: { offset: number; length: number | undefined; isLast: boolean },
  bodyLength: number | undefined,
): void {
  if (length === undefined || !isLast || bodyLength === undefined) return;
  const end = offset + bodyLength;
  if (end === length) return;
  throw inconsistentLength(
    `Upload-Length is ${length}, and the body goes from byte ${offset} to ${end}: which is right?`,
  );
}

/** Gives the upload, unless the last bytes were to have come and have not. */
function wholeIfLast(upload: ReceivingUpload | CompleteUpload, isLast: boolean): ReceivingUpload | CompleteUpload {
  if (!isLast || upload.state === "complete") return upload;
  const { offset, length } = upload;
  throw inconsistentLength(`The file has ${length} bytes, and only ${offset} have come: go on from there`, offset);
}

/** Lets a client hear of safe bytes, unless all of the body would be refused with a wrong digest. */
function toldSafe(
  interim: Interim | undefined,
  { bodyDigests }: Pick<AppendRequest, "bodyDigests">,
): Pick<AppendRequest, "onSafe"> {
  return interim === undefined || bodyDigests !== undefined ? {} : { onSafe: (offset) => interim.safe(offset) };
}

/** True for bytes past the upload's length, and not for a wrong length that the request tells. */
function isPastEnd({ code }: UploadError, { offset, length = Infinity }: Pick<State, "offset" | "length">): boolean {
  return code === "too-long" && length >= (offset ?? 0);
}

/** True for a mismatch with the digest of the body: only such an error has the offset to go on from. */
function isAboutBody({ offset }: UploadError): boolean {
  return offset !== undefined;
}

function wrongType(): UploadError {
  return new UploadError("wrong-media-type", `Send the bytes as Content-Type: ${PARTIAL_UPLOAD}`, {
    headers: { "Accept-Patch": PARTIAL_UPLOAD },
  });
}
