import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../../config/config.ts";
import { outwardOf, type OutwardOptions } from "../../config/outward.ts";
import { defined } from "../../defined.ts";
import { UploadError } from "../../errors.ts";
import type { Handler, Statuses } from "../../http/route.ts";
import { checkSize } from "../../model/agree.ts";
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
import { isRefusal } from "../../uploads/append.ts";
import type { Engine } from "../../uploads/engine.ts";
import { isFinal } from "../../uploads/open_upload.ts";
import { addressOf } from "../address.ts";
import { parseClientId } from "../file_headers.ts";
import { uninterrupted } from "../interruption.ts";
import { type Bringing, checkLengths, checkType, parseBringing, toldSafe, wholeIfLast } from "./bringing.ts";
import { reprDigest, wantedDigests } from "./digests.ts";
import { parseFacts } from "./facts.ts";
import { completenessHeader, isIetf, PARTIAL_UPLOAD, refuseStateFields, versionHeader } from "./fields.ts";
import { type Interim, interimOf } from "./interim.ts";
import { limitHeaders } from "./limits.ts";
import { ended, endsUpload, inOwnWords } from "./own_words.ts";
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
   * `GET` and `HEAD /files/<id>` of a client that names no protocol: the finished file, which comes from `download`, with
   * the upload's state in its head. `HEAD` of an unfinished upload is answered with the state alone.
   */
  described(request: Request, id: string, visitor: Visitor, download: () => Promise<Response>): Promise<Response>;
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

/** Makes the protocol over `engine`, with the limits of `config`, which may change. */
export function createIetfProtocol(
  engine: Engine,
  config: Pick<Config, "maxBytes" | "expireAfterMs" | "interim"> & OutwardOptions,
  now: () => number,
): IetfProtocol {
  const { url: above } = outwardOf(config);

  /** The limits of an upload that a visitor may begin now. */
  function limitsFor(scope: Scope, rules: Rules): Record<string, string> {
    return limitHeaders({ maxBytes: largest(scope, config.maxBytes), remainingMs: config.expireAfterMs }, rules);
  }

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

  async function begin(
    { rules, state: { length, isLast }, body }: Bringing,
    facts: FileFacts & { readonly clientId?: string },
    interim: Interim | undefined,
  ): Promise<ReceivingUpload | CompleteUpload> {
    const { bodyDigests, digests } = body;
    const awaitsEnd = !rules.lengthCompletes;
    const tell = (upload: ReceivingUpload) => interim?.begun(addressOf(upload.id, above), limitsOf(upload, rules));
    const { clientId, ...others } = facts;
    const isEmpty = body.bodyLength === 0 && bodyDigests === undefined && clientId === undefined;
    if (isEmpty && !isLast && !(length === 0 && rules.lengthCompletes)) {
      const upload = await engine.create({ ...others, ...awaitsEnd && { awaitsEnd }, ...defined({ length, digests }) });
      tell(upload);
      return upload;
    }
    let begun: ReceivingUpload | undefined;
    try {
      const request = {
        ...body,
        ...defined({ length }),
        offset: 0,
        toTheEnd: isLast,
        awaitsEnd,
        isRecordedFirst: interim !== undefined,
        onBegun: (upload: ReceivingUpload) => tell(begun = upload),
        ...toldSafe(interim, body),
      };
      const appended = clientId === undefined
        ? await engine.begin(others, request)
        : await engine.send({ ...others, clientId }, request);
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
      try {
        checkSize(length ?? 0, largest(scope, config.maxBytes));
        checkLengths({ offset: 0, length, isLast }, body.bodyLength);
        const { headers } = request;
        const own = defined({ clientId: parseClientId(headers) });
        const facts = { ...owned(scope, parseFacts(headers)), ...wantedDigests(headers), ...own };
        const upload = await begin(bringing, facts, interimOf(rules, sendInterim, config.interim));
        return new Response(null, {
          status: STATUS_CODE.Created,
          headers: {
            "Location": addressOf(upload.id, above),
            ...stateOf(upload, rules),
            ...reprDigest(request.headers, upload),
          },
        });
      } catch (error) {
        throw inOwnWords(error, bringing, limitsFor(scope, rules));
      }
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

    async described({ method, headers }, id, { scope, rights }, download) {
      if (!may(rights, "upload")) return await download();
      const upload = await engine.status(id, scope);
      const state = stateOf(upload, rulesOf(headers));
      if (upload.state === "receiving") {
        const isTold = method === "HEAD" && upload.concat === undefined;
        return isTold ? new Response(null, { status: STATUS_CODE.NoContent, headers: state }) : await download();
      }
      const response = await download();
      if (response.status !== STATUS_CODE.OK) return response;
      const { "Cache-Control": _, ...told } = state;
      for (const [name, value] of Object.entries(told)) response.headers.set(name, value);
      return response;
    },

    async append(request, id, { scope }, { sendInterim }) {
      const bringing = parseBringing(request);
      const { rules, state: { offset, length, isLast }, body } = bringing;
      checkType(request.headers, rules);
      if (offset === undefined) {
        throw new UploadError("bad-request", "Send Upload-Offset: the byte of the file at which the body starts");
      }
      checkLengths({ offset, length, isLast }, body.bodyLength);
      let hasEnded = false;
      try {
        const appended = await engine.append(id, scope, {
          ...body,
          ...defined({ length }),
          offset,
          toTheEnd: isLast,
          awaitsEnd: !rules.lengthCompletes,
          ...toldSafe(interimOf(rules, sendInterim, config.interim), body),
          endsUpload: (refusal) => endsUpload(refusal, { offset, length }),
          onUploadEnded: () => hasEnded = true,
        });
        const upload = wholeIfLast(uninterrupted(appended), isLast);
        return new Response(null, {
          status: rules.appended,
          headers: { ...stateOf(upload, rules), ...reprDigest(request.headers, upload) },
        });
      } catch (error) {
        const isOver = error instanceof UploadError && endsUpload(error, { offset, length });
        throw inOwnWords(isOver ? ended(error, hasEnded, rules) : error, bringing, limitsFor(scope, rules));
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
