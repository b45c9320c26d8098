import { defined } from "../defined.ts";
import type { Handler } from "../http/route.ts";
import type { Quota } from "../uploads/quota.ts";
import type { Unfinished } from "../uploads/unfinished.ts";

/** The limits of the server, and what counts towards them. `Infinity` stands for no limit. */
export interface LimitsDeps {
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /** The most unfinished uploads of one owner, and of one address. */
  readonly maxUnfinished: number;
  /** The most uploads that one address begins in a second. */
  readonly maxBegunPerSecond: number;
  /** How many files one request takes, and up to which size in bytes they are worked on side by side. */
  readonly batch: { readonly maxFiles: number; readonly maxFileSize: number };
  readonly unfinished: Pick<Unfinished, "countOf">;
  readonly quota: Pick<Quota, "limitOf" | "usedBy">;
}

/** Makes the handler of `GET /api/limits`, which answers with the limits that the visitor has. docs/api.md has the schema. */
export function createLimitsApi(
  { maxBytes, maxUnfinished, maxBegunPerSecond, unfinished, quota, batch }: LimitsDeps,
): Handler {
  const known = (limit: number) => limit === Infinity ? undefined : limit;
  return (_request, _id, { kind, scope }) => {
    const { link } = scope;
    const limits = {
      maxSize: known(Math.min(maxBytes, scope.maxBytes ?? Infinity)),
      // A link's visitor is told what the link takes, and nothing of what its owner or others have.
      quota: known(link === undefined ? quota.limitOf(scope.quotaBytes) : link.totalBytes ?? Infinity),
      maxFiles: link?.maxFiles,
      maxUnfinished: known(maxUnfinished),
      maxBegunPerSecond: known(maxBegunPerSecond),
      batch,
      // Those who have not signed in have one owner together, and the numbers would be those of all.
      ...kind !== "anybody" && kind !== "link" &&
        { used: quota.usedBy(scope.owner), unfinished: unfinished.countOf(scope.owner) },
    };
    return Promise.resolve(Response.json(defined(limits), { headers: { "Cache-Control": "no-store" } }));
  };
}
