import { defined } from "../defined.ts";
import type { Handler } from "../http/route.ts";
import { jsonAnswer } from "../http/whole_answers.ts";
import { MAX_FOLDERS, MAX_FOLDERS_BYTES } from "../model/place.ts";
import type { FolderCounts, Limiting, UnfinishedCounts } from "../uploads/limiting.ts";
import { MAX_METADATA_BYTES } from "./metadata.ts";

/** The limits of the server, which may change. `Infinity` stands for no limit. */
export interface ToldLimits {
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /** The most unfinished uploads of one owner, and of one address. */
  readonly maxUnfinished: number;
  /** The most uploads that one address begins in a second. */
  readonly maxBegunPerSecond: number;
  /** The most folders that the uploads of one owner make. */
  readonly maxFolders: number;
}

/** The limits of the server, and what counts towards them. */
export interface LimitsDeps {
  readonly limits: ToldLimits;
  readonly folders: FolderCounts;
  /** How many files one request takes, and up to which size in bytes they are worked on side by side. */
  readonly batch: { readonly maxFiles: number; readonly maxFileSize: number };
  readonly unfinished: Pick<UnfinishedCounts, "countOf">;
  readonly quota: Pick<Limiting["quota"], "limitOf" | "usedBy">;
}

/** Makes the handler of `GET /api/limits`, which answers with the limits that the visitor has. docs/api.md has the schema. */
export function createLimitsApi(
  { limits, folders, batch, unfinished, quota }: LimitsDeps,
): Handler {
  const known = (limit: number) => limit === Infinity ? undefined : limit;
  return async (_request, _id, { kind, scope }) => {
    const { link } = scope;
    const { maxBytes, maxUnfinished, maxBegunPerSecond, maxFolders } = limits;
    // All who have not signed in have one owner together, and the numbers would be those of all.
    const used = kind === "anybody" ? undefined : await quota.usedBy(scope);
    const told = {
      maxSize: known(Math.min(maxBytes, scope.maxBytes ?? Infinity)),
      // A link's visitor is told what the link takes, and nothing of what its owner or others have.
      quota: known(link === undefined ? quota.limitOf(scope.quotaBytes) : link.totalBytes ?? Infinity),
      maxFiles: link?.maxFiles,
      maxUnfinished: known(maxUnfinished),
      maxBegunPerSecond: known(maxBegunPerSecond),
      // Of a link's own limits its visitor is told how near they are. The next refusal would tell that too.
      used: link === undefined || link.totalBytes !== undefined ? used?.bytes : undefined,
      files: link?.maxFiles === undefined ? undefined : used?.files,
      maxFolders: known(maxFolders),
      maxFolderDepth: MAX_FOLDERS,
      maxFolderBytes: MAX_FOLDERS_BYTES,
      maxMetadataBytes: MAX_METADATA_BYTES,
      // Older servers take the first piece of an upload without a length for the whole file.
      deferLength: true,
      batch,
      ...kind !== "anybody" && kind !== "link" &&
        { unfinished: await unfinished.countOf(scope.owner), folders: await folders.countOf(scope.owner) },
    };
    return jsonAnswer(defined(told), { headers: { "Cache-Control": "no-store" } });
  };
}
