import { UploadError } from "../../errors.ts";
import type { Amount } from "../../model/amount.ts";
import type { Bound, Count, Tallied } from "../tally.ts";
import { codeOf } from "./no_database.ts";

/** The arguments of `count_uploads` in the database (`counting_migration.ts`). */
export function argumentsOf(
  { uploads, bounds, named }: Tallied,
): [uploads: string, bounds: string, named: string | null] {
  const counts = (list: readonly Count[]) =>
    list.map(({ name, files, bytes, isSpread }) => [storable(name), files, bytes, isSpread]);
  const counted = uploads.map(({ id, payer, kept, open, takes, isAhead = false }) => ({
    id,
    payer: storable(payer),
    kept: counts(kept),
    open: counts(open),
    takes,
    ahead: isAhead,
  }));
  const finite = (limit: number) => limit === Infinity ? null : limit;
  const bounded = bounds.map(({ name, max }) => [storable(name), finite(max.files), finite(max.bytes)]);
  const folders = named && { payer: storable(named.payer), folders: named.folders.map(storable) };
  return [JSON.stringify(counted), JSON.stringify(bounded), folders === undefined ? null : JSON.stringify(folders)];
}

/** Makes the refusal of a commit that counts: a bound is passed, or another upload takes the same bytes. */
export function asRefusal(error: unknown, bounds: readonly Bound[]): unknown {
  const code = codeOf(error);
  if (code === "PW004") {
    return new UploadError("locked", "These uploads are being concatenated: try again in a few seconds");
  }
  if (code !== "PW003") return error;
  const passed = new Map(passedIn(error).map(([name, ...amounts]) => [name, amounts]));
  for (const { name, refusal } of bounds) {
    const amounts = passed.get(storable(name));
    if (amounts === undefined) continue;
    const [usedFiles, usedBytes, files, bytes] = amounts;
    const used: Amount = { files: usedFiles, bytes: usedBytes };
    return refusal(used, { files, bytes });
  }
  return error;
}

type Passed = [name: string, usedFiles: number, usedBytes: number, files: number, bytes: number];

function passedIn(error: unknown): Passed[] {
  return error instanceof Error && "detail" in error ? JSON.parse(String(error.detail)) : [];
}

/** A text as PostgreSQL takes it. No owner, address or folder has what is replaced. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
