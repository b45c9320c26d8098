import { STATUS_CODE } from "@std/http/status";
import type { Config } from "../config/config.ts";
import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import type { Handler } from "../http/route.ts";
import { wholeAnswer } from "../http/whole_answers.ts";
import type { Engine } from "../uploads/engine.ts";
import type { Log } from "../log.ts";
import { owned, type Scope } from "../model/owner.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../model/upload.ts";
import { addressOf } from "./address.ts";
import { askWhetherBrokenOff } from "./broken_off.ts";
import { parseAnnounced, parseClientId, parseFacts } from "./file_headers.ts";
import { bodyLength, refuseEncodedBody } from "./headers.ts";
import { uninterrupted } from "./interruption.ts";
import { throwInOwnWords } from "./simple_status.ts";

/** The simple protocol: a client asks for the offset, and sends the rest. docs/protocol.md documents it. */
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

/** Makes the simple protocol over `engine`, for files of up to `limits.maxBytes`, which may change. */
export function createSimpleProtocol(
  engine: Engine,
  { limits, log, above = "" }: {
    readonly limits: Pick<Config, "maxBytes">;
    readonly log: Log;
    /** The path that clients see before the server's own paths. By default there is none. */
    readonly above?: string;
  },
): SimpleProtocol {
  function progress(upload: ReceivingUpload | CompleteUpload): Record<string, string> {
    return {
      "Location": addressOf(upload.id, above),
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
    return error.withMessage(`This upload is finished: remove the file by DELETE ${addressOf(upload.id, above)}`);
  }

  return {
    async status({ headers }, _id, { scope }) {
      const upload = await engine.statusByClient(scope.owner, neededId(headers));
      if (upload === undefined) return line("0", { "Upload-Offset": "0", "Upload-Complete": "?0" });
      return line(String(safeBytes(upload)), progress(upload));
    },

    async send(request, _id, { scope }) {
      const { headers } = request;
      const clientId = neededId(headers);
      refuseEncodedBody(headers);
      const announced = parseAnnounced(headers, bodyLength(headers));
      const isBrokenOff = askWhetherBrokenOff(request);
      const append = { ...announced, body: request.body, ...defined({ isBrokenOff }) };
      // Only the request that begins the upload logs ignored headers.
      const told = parseFacts(headers, { clientId, ...append.offset === 0 && { log } });
      const facts = owned(scope, { ...told, clientId });
      const upload = uninterrupted(await engine.send(facts, append).catch(throwInOwnWords));
      const offset = safeBytes(upload);
      return line(upload.state === "complete" ? `Success ${offset}` : String(offset), progress(upload));
    },

    async terminate({ headers }, _id, { scope }) {
      const clientId = neededId(headers);
      try {
        await engine.terminateUnfinished(scope.owner, clientId);
      } catch (error) {
        throw await withAddress(scope, clientId, error);
      }
      return new Response(null, { status: STATUS_CODE.NoContent });
    },

    // The form is that of draft-ietf-httpbis-resumable-upload, section 4.1.4.
    headers: () => limits.maxBytes === Infinity ? {} : { "Upload-Limit": `max-size=${limits.maxBytes}` },
  };
}

function neededId(headers: Headers): string {
  const id = parseClientId(headers);
  if (id === undefined) throw new UploadError("bad-request", "No file id");
  return id;
}

function line(text: string, headers: Record<string, string>): Response {
  return wholeAnswer(text, {
    headers: { "Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store", ...headers },
  });
}
