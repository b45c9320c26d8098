import { UploadError } from "../errors.ts";
import { linkOf, payerOf, type Scope } from "../model/owner.ts";
import type { CompleteUpload, FileFacts, ReceivingUpload } from "../model/upload.ts";
import type { Amount, Amounts } from "./amounts.ts";

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

/**
 * Refuses `more` of an upload's owner beside what is kept already. The limits of the link come first, then the owner's,
 * then that of all owners. Throws `over-quota` with a line that says which limit it is.
 */
export function refuseOver(
  limits: QuotaLimits,
  kept: Amounts,
  { owner, quotaBytes, link }: OwnLimits,
  { files, bytes }: Amount,
): void {
  const byLink = kept.of(linkOf(owner));
  const { maxFiles = Infinity, totalBytes = Infinity } = link ?? {};
  if (files > 0 && byLink.files + files > maxFiles) {
    throw overQuota(`This link takes ${maxFiles} files, and has them`);
  }
  if (bytes <= 0) return;
  if (byLink.bytes + bytes > totalBytes) {
    throw overQuota(`This link takes ${totalBytes} bytes in all, and has no room for ${bytes} more`);
  }
  const used = kept.of(payerOf(owner)).bytes;
  const limit = quotaBytes ?? limits.ownerBytes;
  if (used + bytes > limit) {
    throw overQuota(
      // A link's visitor is told nothing of what its owner has.
      link === undefined
        ? `You may keep ${limit} bytes, and have ${used}, so ${bytes} more are too many: delete some first`
        : `The owner of this link has no room for ${bytes} bytes more`,
    );
  }
  if (kept.totalBytes + bytes > limits.totalBytes) {
    throw overQuota(`The server keeps ${limits.totalBytes} bytes in all, and has no room for ${bytes} more`);
  }
}

function overQuota(message: string): UploadError {
  return new UploadError("over-quota", message);
}
