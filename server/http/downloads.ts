import { STATUS_CODE } from "@std/http/status";
import { contentType } from "@std/media-types";
import { basename } from "@std/path";
import { UploadError } from "../errors.ts";
import type { CompleteUpload } from "../model/upload.ts";
import type { FinishedFile } from "../storage/store.ts";
import type { FinishedFiles } from "../uploads/finished_files.ts";
import { conditionsOf, evaluate, isRangeWanted } from "./conditions.ts";
import { contentDisposition } from "./disposition.ts";
import { header } from "./header_names.ts";
import { contentRange, parseRange, unsatisfiedRange } from "./ranges.ts";
import { validatorHeaders, validatorsOf } from "./representation.ts";
import type { Handler } from "./route.ts";
import { HEAD_BYTES, mayBeShown, shownType } from "./shown_type.ts";
import { shownHeaders } from "./uploaded_content.ts";

/** The dependencies of {@linkcode createDownloads}. */
export interface DownloadDeps {
  readonly files: FinishedFiles;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** Serves single finished files. */
export interface Downloads {
  /**
   * `GET` and `HEAD`: gives the file, a part of it (RFC 9110, section 14), or 304. A browser shows or plays it if its
   * first bytes are of a type that a browser never runs. Otherwise it saves the file. Throws what
   * {@linkcode FinishedFiles.open} throws, `precondition-failed` and `range-not-satisfiable`.
   */
  readonly send: Handler;
  /**
   * Evaluates the conditions of a request that is to change the upload (RFC 9110, section 13.2). Throws
   * `precondition-failed`, and `gone` or `not-found` for an upload that is over or never was.
   */
  checkConditions(request: Request, id: string): Promise<void>;
}

/** A browser keeps a file, and asks each time whether it may still be given. */
const CACHE_CONTROL = "private, no-cache";

export function createDownloads({ files, now }: DownloadDeps): Downloads {
  async function answer(request: Request, upload: CompleteUpload, file: FinishedFile): Promise<Response> {
    const { method, headers } = request;
    const { length } = file;
    const conditions = conditionsOf(headers);
    const validators = validatorsOf(upload, file.modifiedAt, now());
    const outcome = evaluate(method, conditions, validators, now());
    if (outcome === "failed") throw preconditionFailed();
    const type = await shownTypeOf(upload, file);
    const shown = type === undefined ? {} : shownHeaders(type);
    if (outcome === "not-modified") {
      file.close();
      // RFC 9110, section 15.4.5. A browser replaces the headers that it has by these, so the policy must be the same.
      const kept = { "ETag": validators.etag, "Cache-Control": CACHE_CONTROL, ...shown };
      return new Response(null, { status: STATUS_CODE.NotModified, headers: kept });
    }
    // Only GET has ranges (section 14.2).
    const hasRange = method === "GET" && isRangeWanted(conditions.ifRange, validators, now());
    const range = hasRange ? parseRange(header(headers, "Range"), length) : "whole";
    if (range === "unsatisfiable") throw notSatisfiable(length);
    const part = range === "whole" ? { start: 0, end: length } : range;
    const answerHeaders = {
      ...validatorHeaders(upload, validators),
      ...contentHeaders(upload, type),
      ...shown,
      "Cache-Control": CACHE_CONTROL,
      "Content-Length": String(part.end - part.start),
      ...range !== "whole" && { "Content-Range": contentRange(range, length) },
    };
    if (method === "HEAD") file.close();
    return new Response(method === "HEAD" ? null : file.read(part), {
      status: range === "whole" ? STATUS_CODE.OK : STATUS_CODE.PartialContent,
      headers: answerHeaders,
    });
  }

  return {
    async send(request, id) {
      const { upload, file } = await files.open(id);
      try {
        return await answer(request, upload, file);
      } catch (error) {
        file.close();
        throw error;
      }
    },

    async checkConditions(request, id) {
      const conditions = conditionsOf(request.headers);
      const { ifMatch, ifUnmodifiedSince, ifNoneMatch } = conditions;
      if (ifMatch === null && ifUnmodifiedSince === null && ifNoneMatch === null) return;
      const found = await files.openIfFinished(id);
      const validators = found && validatorsOf(found.upload, found.file.modifiedAt, now());
      found?.file.close();
      if (evaluate(request.method, conditions, validators, now()) !== "perform") throw preconditionFailed();
    },
  };
}

/** The type under which a browser shows the file; `undefined` for one that it saves (`shown_type.ts`). */
async function shownTypeOf({ type, path }: CompleteUpload, file: FinishedFile): Promise<string | undefined> {
  const claimed = type ?? typeOfName(path);
  return mayBeShown(claimed) ? shownType(claimed, await file.head(HEAD_BYTES)) : undefined;
}

function contentHeaders({ path }: CompleteUpload, shownType: string | undefined): Record<string, string> {
  return {
    "Content-Type": shownType ?? "application/octet-stream",
    "Content-Disposition": contentDisposition(shownType === undefined ? "attachment" : "inline", basename(path)),
  };
}

function typeOfName(name: string): string | undefined {
  const extension = /\.\w{1,10}$/.exec(name)?.[0];
  return extension === undefined ? undefined : contentType(extension);
}

function preconditionFailed(): UploadError {
  return new UploadError("precondition-failed", "The file is not in the state that your request demands: look again");
}

function notSatisfiable(length: number): UploadError {
  return new UploadError("range-not-satisfiable", `The file has ${length} bytes, and the range begins behind them`, {
    headers: { "Content-Range": unsatisfiedRange(length) },
  });
}
