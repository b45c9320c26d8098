import { isAbsent, UploadError } from "../errors.ts";
import { whileLocked } from "./locked_file.ts";
import { open, OpenUpload } from "./open_upload.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { remove } from "./terminate.ts";
import type { Locks } from "./locks.ts";
import { type CompleteUpload, hasAllBytes, type PartialUpload, type ReceivingUpload } from "../model/upload.ts";

/**
 * Checks that an upload can be concatenated. Throws `bad-request` for one that is not partial or not whole.
 */
export function checkedPartial(upload: ReceivingUpload | CompleteUpload): PartialUpload {
  const { id } = upload;
  const isPartial = upload.state === "receiving" && upload.partial === true;
  if (isPartial && hasAllBytes(upload)) return { id, length: upload.offset };
  const why = isPartial ? "is not whole yet" : "is not partial";
  throw new UploadError("bad-request", `Upload "${id}" ${why}: only whole partial uploads can be concatenated`);
}

/** The base: the first partial upload that has bytes. The final upload adopts them. `undefined` when all are empty. */
export function baseOf(partials: readonly PartialUpload[]): PartialUpload | undefined {
  return partials.find(({ length }) => length > 0);
}

/**
 * The most bytes of the disk that a concatenation takes besides the partial uploads. Each one but the base is copied,
 * as often as it is listed, and removed when it is not needed any more.
 */
export function roomFor(partials: readonly PartialUpload[]): number {
  const base = baseOf(partials);
  const isBase = ({ id }: PartialUpload) => id === base?.id;
  const firstBase = partials.findIndex(isBase);
  let taken = 0;
  let most = 0;
  for (const [index, partial] of partials.entries()) {
    if (index === firstBase) continue;
    taken += partial.length;
    most = Math.max(most, taken);
    if (!isBase(partial) && !isNeededAfter(partials, index)) taken -= partial.length;
  }
  return most;
}

/** True when the partial upload at `index` is listed again behind it. */
export function isNeededAfter(partials: readonly PartialUpload[], index: number): boolean {
  return partials.some(({ id }, at) => at > index && id === partials[index]?.id);
}

/** True when a partial upload still has all its bytes. The caller holds its lock. */
export async function isStillWhole(deps: EngineDeps, { id, length }: PartialUpload): Promise<boolean> {
  const opened = await open(deps, id).catch((error) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (!(opened instanceof OpenUpload)) return false;
  await opened[Symbol.asyncDispose]();
  return hasAllBytes(opened.upload) && opened.upload.length === length;
}

/** Removes a partial upload whose bytes are the final upload's now. No error when it is gone already. */
export async function removePartial(deps: EngineDeps, locks: Locks, id: string): Promise<void> {
  using _lease = await locks.takeOver(id);
  await whileLocked(deps, id, async (unlock) => {
    const upload = await deps.records.get(id);
    if (upload?.state === "receiving") await remove(deps, upload, "concatenated", unlock);
    // A crash may have left its own entry, or brought it back.
    else await deps.bytes.discard(id);
  });
}
