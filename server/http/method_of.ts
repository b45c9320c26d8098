import { UploadError } from "../errors.ts";
import { header } from "./header_names.ts";
import type { Route } from "./route.ts";

/**
 * The method that a request stands for (tus 1.0.0, `X-HTTP-Method-Override`); `undefined` for an override that is not
 * allowed. Only a POST can stand for another method, so that no link and no repeated GET changes anything.
 */
export function methodOf({ overrides }: Route, { method, headers }: Request): string | undefined {
  const meant = overrides === undefined ? null : header(headers, "X-HTTP-Method-Override");
  if (meant === null || meant === method) return method;
  return method === "POST" && overrides?.includes(meant) ? meant : undefined;
}

/** The refusal of an override that is not allowed. */
export function notOverridden({ overrides = [] }: Route): UploadError {
  return new UploadError(
    "bad-request",
    `X-HTTP-Method-Override can make ${overrides.join(" or ")} of POST, and no other`,
  );
}
