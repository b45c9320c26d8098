import { defined } from "../../defined.ts";
import { STATUS, UploadError } from "../../errors.ts";
import { retryAfterOf } from "../../http/refusals.ts";
import { may } from "../../model/rights.ts";
import { type CompleteUpload, type ReceivingUpload, safeBytes } from "../../model/upload.ts";
import type { Visitor } from "../../model/visitor.ts";
import { addressOf } from "../address.ts";
import { SIMPLE_STATUS } from "../simple_status.ts";

/** A line of the answer to a form: about one of its files, or at its end about the request. docs/api.md has the schema. */
export interface ToldLine {
  /** Which file of the form; absent when the line is about the request. */
  readonly part?: number;
  readonly status: number;
  readonly id?: string;
  readonly complete?: boolean;
  /** True when the file was finished before this request brought it once more. */
  readonly again?: true;
  readonly offset?: number;
  readonly length?: number;
  readonly path?: string;
  readonly location?: string;
  readonly error?: string;
  readonly detail?: string;
  readonly retryAfter?: number;
  /** How many files were told, on the last line. */
  readonly parts?: number;
}

/** A file of a form. */
export interface FormFile {
  readonly part: number;
  /** The client's own id, if it sent one. */
  readonly id?: string | undefined;
  /** The clean name that the client wants, for people. */
  readonly name: string;
}

/**
 * The line about a file whose bytes all came. The final path is for a visitor who may read: a number in it tells that
 * there is another file of that name. A visitor of an upload link is told the path that it sent. `above` is the path that
 * clients see before the server's own paths.
 */
export function toldFile(
  { part, id }: FormFile,
  { upload, isAgain }: { upload: ReceivingUpload | CompleteUpload; isAgain?: true | undefined },
  { kind, rights }: Pick<Visitor, "kind" | "rights">,
  above: string,
): ToldLine {
  const isComplete = upload.state === "complete";
  const path = !isComplete
    ? undefined
    : kind === "link"
    ? upload.sentAs
    : may(rights, "read")
    ? upload.path
    : undefined;
  return {
    part,
    status: 200,
    ...defined({ id }),
    complete: isComplete,
    ...defined({ again: isAgain }),
    offset: safeBytes(upload),
    ...defined({ length: upload.length, path }),
    location: addressOf(upload.id, above),
  };
}

/** The line about a file that was refused, or cut off. */
export function refusedFile({ part, id }: FormFile, error: UploadError): ToldLine {
  return { part, ...defined({ id }), ...refusalOf(error) };
}

/** The last line of a form with so many files. */
export function lastLine(parts: number, error?: UploadError): ToldLine {
  return { ...error === undefined ? { status: 200 } : refusalOf(error), parts };
}

function refusalOf(error: UploadError): ToldLine {
  const { code, message, offset } = error;
  return {
    status: SIMPLE_STATUS[code] ?? STATUS[code],
    ...defined({ offset }),
    error: code,
    detail: message,
    ...defined({ retryAfter: retryAfterOf(error) }),
  };
}
