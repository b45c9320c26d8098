import type { Rules } from "./versions.ts";

/** The limits of an upload, or of those that begin. */
export interface UploadLimits {
  /** The largest length in bytes; `Infinity` for no limit. */
  readonly maxBytes: number;
  /** How long an unfinished upload is still kept, in milliseconds; absent when it does not expire. */
  readonly remainingMs?: number;
}

/** The largest Integer of a structured field (RFC 9651, section 3.3.1). */
const MOST = 999_999_999_999_999;

/**
 * Gives `Upload-Limit` (section 4.1.4 of the draft) in the words of a version; nothing for a version without the field. A
 * length that no field can hold is no limit. The field is never empty: `min-size=0` says that there is no limit.
 */
export function limitHeaders({ maxBytes, remainingMs }: UploadLimits, { ageKey }: Rules): Record<string, string> {
  if (ageKey === undefined) return {};
  const seconds = Math.floor((remainingMs ?? Infinity) / 1000);
  const limits = [
    ...maxBytes <= MOST ? [`max-size=${maxBytes}`] : [],
    ...seconds <= MOST ? [`${ageKey}=${Math.max(0, seconds)}`] : [],
  ];
  return { "Upload-Limit": limits.length === 0 ? "min-size=0" : limits.join(", ") };
}
