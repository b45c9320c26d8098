import { UploadError } from "../errors.ts";
import type { Amount } from "../model/amount.ts";
import { linkOf, payerOf, type Scope } from "../model/owner.ts";
import type { CompleteUpload, FileFacts, ReceivingUpload } from "../model/upload.ts";
import type { Amounts } from "./amounts.ts";

/** The most bytes that are kept; `Infinity` for no limit. */
export interface QuotaLimits {
  /** The limit of one owner, in bytes, unless its token says otherwise. */
  readonly ownerBytes: number;
  /** The limit of all owners together, in bytes. */
  readonly totalBytes: number;
}

/** The limits that an upload, or the visitor who asks, has besides the server's. */
type OwnLimits = Pick<Scope & FileFacts, "owner" | "quotaBytes" | "link">;

/** True for an upload or a visitor that has a limit: its own, or the server's. */
export function isLimited({ quotaBytes, link }: Omit<OwnLimits, "owner">, limits: QuotaLimits): boolean {
  return limits.ownerBytes < Infinity || limits.totalBytes < Infinity ||
    quotaBytes !== undefined || link?.maxFiles !== undefined || link?.totalBytes !== undefined;
}

/** How many files an upload counts for: a partial upload is a part of one that counts itself. */
export function filesOf(upload: ReceivingUpload | CompleteUpload): number {
  return upload.state === "receiving" && upload.partial ? 0 : 1;
}

/** A limit of what is kept, of those that bound an upload. */
export interface QuotaRule {
  /** The owner or the link (`linkOf`) that has the limit; `undefined` for all together. */
  readonly name: string | undefined;
  readonly max: Amount;
  /** Makes the refusal of `more` beside what is `used`: a line that says which limit it is. */
  refusal(used: Amount, more: Amount): UploadError;
}

/** The limits that bound an upload: the link's come first, then the owner's, then that of all owners. */
export function rulesOf(limits: QuotaLimits, { owner, quotaBytes, link }: OwnLimits): QuotaRule[] {
  const { maxFiles = Infinity, totalBytes = Infinity } = link ?? {};
  const limit = quotaBytes ?? limits.ownerBytes;
  return [
    ...link === undefined ? [] : [{
      name: linkOf(owner),
      max: { files: maxFiles, bytes: totalBytes },
      refusal: (used: Amount, { files, bytes }: Amount) =>
        overQuota(
          files > 0 && used.files + files > maxFiles
            ? `This link takes ${maxFiles} files, and has them`
            : `This link takes ${totalBytes} bytes in all, and has no room for ${bytes} more`,
        ),
    }],
    {
      name: payerOf(owner),
      max: { files: Infinity, bytes: limit },
      refusal: (used, { bytes }) =>
        overQuota(
          // A link's visitor is told nothing of what its owner has.
          link === undefined
            ? `You may keep ${limit} bytes, and have ${used.bytes}, so ${bytes} more are too many: delete some first`
            : `The owner of this link has no room for ${bytes} bytes more`,
        ),
    },
    {
      name: undefined,
      max: { files: Infinity, bytes: limits.totalBytes },
      refusal: (_used, { bytes }) =>
        overQuota(`The server keeps ${limits.totalBytes} bytes in all, and has no room for ${bytes} more`),
    },
  ];
}

/**
 * Refuses `more` of an upload's owner beside what is kept already. Throws `over-quota` with a line that says which limit
 * it is.
 */
export function refuseOver(limits: QuotaLimits, kept: Amounts, own: OwnLimits, more: Amount): void {
  for (const { name, max, refusal } of rulesOf(limits, own)) {
    const used = name === undefined ? { files: 0, bytes: kept.totalBytes } : kept.of(name);
    if (isOver(max, used, more)) throw refusal(used, more);
  }
}

/** True when `more` beside what is `used` passes a limit. Nothing is refused for what does not grow. */
export function isOver(max: Amount, used: Amount, more: Amount): boolean {
  return more.files > 0 && used.files + more.files > max.files || more.bytes > 0 && used.bytes + more.bytes > max.bytes;
}

function overQuota(message: string): UploadError {
  return new UploadError("over-quota", message);
}
