import { equalsStrongly, equalsWeakly, parseEntityTag, parseEntityTags } from "./entity_tags.ts";
import { header } from "./header_names.ts";
import { parseHttpDate } from "./http_date.ts";

/** The values of a request's conditional headers; `null` for one that is absent. */
export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifUnmodifiedSince: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifRange: string | null;
}

/** The marks by which the server knows a representation. */
export interface Validators {
  /** The strong entity tag, with its quotes. */
  readonly etag: string;
  /** When the content was last modified, in milliseconds since 1970; `undefined` if the disk does not tell. */
  readonly modifiedAt: number | undefined;
}

/** Reads the conditional headers of a request. */
export function conditionsOf(headers: Headers): Conditions {
  return {
    ifMatch: header(headers, "If-Match"),
    ifUnmodifiedSince: header(headers, "If-Unmodified-Since"),
    ifNoneMatch: header(headers, "If-None-Match"),
    ifModifiedSince: header(headers, "If-Modified-Since"),
    ifRange: header(headers, "If-Range"),
  };
}

/** The outcome of the conditions. `failed` is 412, and `not-modified` is 304. */
export type Outcome = "perform" | "failed" | "not-modified";

/**
 * Evaluates the conditions of a request in the order of the standard: `If-Match`, or else `If-Unmodified-Since`; then
 * `If-None-Match`, or else `If-Modified-Since` (RFC 9110, section 13.2.2). `validators` are `undefined` when the resource
 * has no representation. A date that is malformed counts as absent. `now` is in milliseconds since 1970.
 */
export function evaluate(
  method: string,
  conditions: Conditions,
  validators: Validators | undefined,
  now: number,
): Outcome {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  const isRead = method === "GET" || method === "HEAD";
  if (ifMatch !== null) {
    if (!listMatches(ifMatch, validators, equalsStrongly)) return "failed";
  } else if (ifUnmodifiedSince !== null && isModifiedAfter(ifUnmodifiedSince, validators, now) === true) {
    return "failed";
  }
  if (ifNoneMatch !== null) {
    if (!listMatches(ifNoneMatch, validators, equalsWeakly)) return "perform";
    return isRead ? "not-modified" : "failed";
  }
  const isUnmodified = isRead && ifModifiedSince !== null &&
    isModifiedAfter(ifModifiedSince, validators, now) === false;
  return isUnmodified ? "not-modified" : "perform";
}

/**
 * True when the `Range` of a request holds by its `If-Range`, or by the lack of one (RFC 9110, section 13.1.5). A tag
 * must be equal and strong. A date must be the exact one: it is a strong validator, because content never changes under
 * an id.
 */
export function isRangeWanted(ifRange: string | null, { etag, modifiedAt }: Validators, now: number): boolean {
  if (ifRange === null) return true;
  const tag = parseEntityTag(ifRange);
  if (tag !== undefined) return equalsStrongly(tag, etag);
  const date = parseHttpDate(ifRange, now);
  return date !== undefined && modifiedAt !== undefined && date === wholeSeconds(modifiedAt);
}

function listMatches(text: string, validators: Validators | undefined, equals: typeof equalsWeakly): boolean {
  if (validators === undefined) return false;
  const tags = parseEntityTags(text);
  return tags === "*" || tags.some((tag) => equals(tag, validators.etag));
}

/** Compares with a client's date; `undefined` when the date is malformed, or the time of change unknown. */
function isModifiedAfter(text: string, validators: Validators | undefined, now: number): boolean | undefined {
  const date = parseHttpDate(text, now);
  const modifiedAt = validators?.modifiedAt;
  return date === undefined || modifiedAt === undefined ? undefined : wholeSeconds(modifiedAt) > date;
}

/** Drops the part of a second, which HTTP's dates do not have. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
