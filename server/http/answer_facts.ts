import { withoutSecrets } from "../log.ts";
import { ID_FORM } from "../model/id.ts";
import { requestIdOf } from "./request_id.ts";
import { urlOf } from "./target.ts";

/** The facts of an answered request that the access log and the traces tell. None has a secret in it. */
export interface AnswerFacts {
  /** The id of the request. */
  readonly id: string;
  /** The method, cut. */
  readonly method: string;
  /** The path, cut, without the query. */
  readonly path: string;
  readonly status: number;
  /** `ok`, or the code of a refusal. */
  readonly outcome: string;
  /** The id of the upload that the request is about, as far as its path or its answer tells. */
  readonly upload: string | undefined;
}

/** The address of an upload, at the end of a path or URL. */
const UPLOAD = new RegExp(`/(?:files|api/uploads)/(${ID_FORM})$`);

/** Gathers the facts of an answer. */
export function answerFacts(request: Request, { status, headers }: Response): AnswerFacts {
  const path = pathOf(request);
  return {
    id: requestIdOf(request),
    method: request.method.slice(0, 20),
    path,
    status,
    outcome: headers.get("x-error") ?? "ok",
    upload: UPLOAD.exec(path)?.[1] ?? UPLOAD.exec(headers.get("location") ?? "")?.[1],
  };
}

/** The path of a request, cut. A query may have secrets and is left out. */
function pathOf(request: Request): string {
  const [target = ""] = urlOf(request).split("?", 1);
  return withoutSecrets(target.replace(/^http(?:s|\+unix)?:\/\/[^/]*/, "").slice(0, 200));
}
