import { STATUS_CODE } from "@std/http/status";
import { header } from "../../http/header_names.ts";
import { parseIntegerItem } from "./structured.ts";

/** The rules by which versions of the draft differ on the wire. Where a version says nothing, the newest one holds. */
export interface Rules {
  /** The interop version, which answers repeat; absent when the request names none that Pawl speaks. */
  readonly version?: number;
  /** The field that says whether a request brings the last bytes. `Upload-Incomplete` has the opposite value. */
  readonly completeness: "Upload-Complete" | "Upload-Incomplete";
  /** True when a request without that field brings the last bytes. Otherwise it is refused. */
  readonly missingMeansLast: boolean;
  /**
   * True when an upload is complete as soon as it has all bytes of its length: the usual client of these versions may
   * never say that a request is the last one.
   */
  readonly lengthCompletes: boolean;
  /** True when a request to append must be of the type `application/partial-upload`. */
  readonly needsPartialType: boolean;
  /** The status of a request whose bytes were appended. */
  readonly appended: 201 | 204;
  /** The key of `Upload-Limit` for the remaining lifetime in seconds; absent in versions without that field. */
  readonly ageKey?: "expires" | "max-age";
  /**
   * The fields of a progress 104 to a creation: the offset alone, or the address too; absent in versions that have no progress.
   * One to an append has the offset alone.
   */
  readonly progress?: "offset" | "offset-and-location";
  /** True when `HEAD`, `GET` and `DELETE` are refused with fields about an upload's state. */
  readonly refusesStateFields: boolean;
  /** The problem type of new bytes for a complete upload. */
  readonly completedProblem: "completed-upload" | "inconsistent-upload-length";
}

/** The rules without a version: those of draft-ietf-httpbis-resumable-upload-13. */
const NEWEST: Rules = {
  completeness: "Upload-Complete",
  missingMeansLast: false,
  lengthCompletes: false,
  needsPartialType: true,
  appended: STATUS_CODE.NoContent,
  ageKey: "max-age",
  progress: "offset-and-location",
  refusesStateFields: false,
  completedProblem: "inconsistent-upload-length",
};

/** Versions 9 (draft -12) and 10 (draft -13) are as the newest rules say. Each older one differs from the next one. */
const V8: Rules = { ...NEWEST, completedProblem: "completed-upload" };
const V7: Rules = { ...V8, progress: "offset" };
const V6: Rules = {
  ...V7,
  missingMeansLast: true,
  lengthCompletes: true,
  appended: STATUS_CODE.Created,
  ageKey: "expires",
  refusesStateFields: true,
};
const V5: Rules = without({ ...V6, needsPartialType: false }, "ageKey");
const V4: Rules = without(V5, "progress");
const V3: Rules = { ...V4, completeness: "Upload-Incomplete" };

/** The rules by interop version (appendix B of the drafts). */
const RULES: ReadonlyMap<number, Rules> = new Map(
  [V3, V4, V5, V6, V7, V8, NEWEST, NEWEST].map((rules, index) => [index + 3, { ...rules, version: index + 3 }]),
);

/** The interop versions that Pawl speaks, the oldest first. */
export const VERSIONS: readonly number[] = [...RULES.keys()];

/** The rules for a request, by its `Upload-Draft-Interop-Version`. Without one that Pawl speaks they are the newest. */
export function rulesOf(headers: Headers): Rules {
  const version = parseIntegerItem(header(headers, "Upload-Draft-Interop-Version"));
  return RULES.get(version ?? -1) ?? NEWEST;
}

function without(rules: Rules, key: "ageKey" | "progress"): Rules {
  const { [key]: _, ...rest } = rules;
  return rest;
}
