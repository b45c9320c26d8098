import { UploadError } from "../errors.ts";
import { unauthorized } from "../http/refusals.ts";

/** The refusal of a change that a page of another site has sent. */
export function sentByOther(): UploadError {
  return new UploadError(
    "forbidden",
    "A page of another site has sent this: start the server with --allow-origin if it may",
  );
}

/** The refusal of a change by a cookie that no page of this server has sent. */
export function notByOwnPage(): UploadError {
  return new UploadError(
    "forbidden",
    "A cookie counts only in a request of this server's own page: send Sec-Fetch-Site: same-origin, or its Origin",
  );
}

/** The refusal of a secret that belongs to no token and no link. */
export function unknownToken(): UploadError {
  return unauthorized("This token is not known: it may have been removed");
}
