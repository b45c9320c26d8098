import { defined } from "../defined.ts";
import type { Handler } from "../http/route.ts";

/** The limits of the server, and what is known of those whom they count. `Infinity` stands for no limit. */
export interface LimitsDeps {
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /** The most unfinished uploads of one owner, and of one address. */
  readonly maxUnfinished: number;
  /** The most uploads that one address begins in a second. */
  readonly maxBegunPerSecond: number;
  /** How many unfinished uploads an owner has. */
  countUnfinished(owner: string): number;
}

/** Makes the handler of `GET /api/limits`, which answers with the limits that the visitor has. docs/api.md has the schema. */
export function createLimitsApi(
  { maxBytes, maxUnfinished, maxBegunPerSecond, countUnfinished }: LimitsDeps,
): Handler {
  const known = (limit: number) => limit === Infinity ? undefined : limit;
  return (_request, _id, { kind, scope }) => {
    // Those who have not signed in have one owner together, and the number would be that of all.
    const unfinished = kind === "anybody" ? undefined : countUnfinished(scope.owner);
    const limits = {
      maxSize: known(Math.min(maxBytes, scope.maxBytes ?? Infinity)),
      maxUnfinished: known(maxUnfinished),
      maxBegunPerSecond: known(maxBegunPerSecond),
      unfinished,
    };
    return Promise.resolve(Response.json(defined(limits), { headers: { "Cache-Control": "no-store" } }));
  };
}
