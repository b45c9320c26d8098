import type { CompleteUpload, GoneUpload, ReceivingUpload, Upload } from "../model/upload.ts";
import { placingKey } from "../storage/kv/moving.ts";
import { uploadKey } from "../storage/kv/record_keys.ts";
import type { UnfinishedFile } from "../storage/store.ts";
import { type Bytes, digestOf, withBytes } from "./move_bytes.ts";
import { chooseMoved, placeMoved } from "./move_path.ts";
import type { MoveReport, MoveSource, MoveTarget } from "./move_places.ts";

export interface MoveUploadDeps {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  readonly report: Pick<MoveReport, "bytes" | "note">;
  readonly signal: AbortSignal;
  /** True when no earlier run has moved anything. */
  readonly isFirst: boolean;
}

/** How an upload was moved: now, or by an earlier run; or its record alone, because its bytes are not there. */
export type Moved = "moved" | "before" | "absent";

/**
 * Moves one upload. Its record is committed last, when the bytes were read back in the new place and are the same: so a
 * record there says that all is done, and after an end at any moment another run goes on. Removes nothing in the source.
 */
export async function moveUpload(deps: MoveUploadDeps, upload: Upload): Promise<Moved> {
  const { isFirst, target: { database } } = deps;
  const before = isFirst ? undefined : (await database.kv.get<Upload>(uploadKey(upload.id))).value ?? undefined;
  if (upload.state === "gone") return await moveOver(deps, upload, before);
  if (upload.state === "receiving") return await moveUnfinished(deps, upload, before);
  return await moveFinished(deps, upload, before);
}

async function moveOver(deps: MoveUploadDeps, upload: GoneUpload, before: Upload | undefined): Promise<Moved> {
  if (isSame(before, upload)) return "before";
  if (!deps.isFirst) await removeMoved(deps.target, upload.id, before);
  await record(deps.target, upload, before);
  return "moved";
}

async function moveUnfinished(
  deps: MoveUploadDeps,
  upload: ReceivingUpload,
  before: Upload | undefined,
): Promise<Moved> {
  const { source, target, report, signal } = deps;
  const { id } = upload;
  const next = promised(upload, source.boot, target.boot);
  const { offset } = next;
  if (isSame(before, next)) {
    report.bytes(2 * offset);
    return "before";
  }
  if (before?.state === "complete") await target.bytes.removeFinished(before);
  const isThere = offset <= (await source.bytes.length(id) ?? 0);
  if (offset === 0 || !isThere) {
    // A server answers for an upload that has lost its bytes; there too it finds none.
    if (!deps.isFirst) await discard(target, id);
    await record(target, next, before);
    report.bytes(2 * offset);
    return isThere ? "moved" : "absent";
  }
  const bytes = { id, length: offset, read: () => source.bytes.readUnfinished(id, offset) };
  await withBytes(copyDeps(deps), bytes, async (_, digest) => {
    const found = target.bytes.readUnfinished(id, offset);
    if (await digestOf(found, { signal, read: report.bytes }) !== digest) return false;
    await record(target, next, before);
    return true;
  });
  return "moved";
}

/** The record of an unfinished upload in the new place, where its file has exactly the bytes that are promised. */
function promised(upload: ReceivingUpload, sourceBoot: string | undefined, boot: string): ReceivingUpload {
  const { cutBack: _, relaxed, ...rest } = upload;
  // No byte counts that a relaxed server recorded before the machine started anew (I11).
  const isWorthless = relaxed === true && upload.boot !== sourceBoot;
  return { ...rest, boot, ...isWorthless && { offset: 0 } };
}

async function moveFinished(
  deps: MoveUploadDeps,
  upload: CompleteUpload,
  before: Upload | undefined,
): Promise<Moved> {
  const { target, report, signal } = deps;
  const { id, length } = upload;
  if (before?.state === "complete" && !isAbsent(before)) {
    report.bytes(2 * length);
    if (await target.bytes.length(id) !== undefined) await target.bytes.removeEntry(id);
    return "before";
  }
  using bytes = await bytesOf(deps, upload);
  if (bytes === undefined) {
    if (before === undefined || !isAbsent(before)) {
      if (!deps.isFirst) await removeMoved(target, id, before);
      await recordAbsent(target, upload, before);
    }
    report.bytes(2 * length);
    return "absent";
  }
  if (before !== undefined && isAbsent(before)) {
    // Its file was away then, and is back.
    await removeRecord(target, before);
    return await moveFinished(deps, upload, undefined);
  }
  await withBytes(copyDeps(deps), bytes, async (file, digest) => {
    const identity = await seal(deps, upload, file, bytes.modifiedAt);
    const placed = await placeMoved(target, { ...upload, identity });
    await target.bytes.flushNameSoon(placed.path);
    const found = await target.bytes.openFinished(placed);
    if (found === undefined) throw new Error("its file is not found in the new place, where it was just put");
    if (await digestOf(found.read(), { signal, read: report.bytes }) !== digest) {
      await target.bytes.removeFinished(placed);
      return false;
    }
    await record(target, placed, before);
    if (placed.path !== upload.path) {
      report.note(`${upload.path} is ${placed.path} in the new place, which does not take the name beside the others`);
    }
    // While the file is open, a bucket knows which objects were made for it.
    await target.bytes.removeEntry(id);
    return true;
  });
  return "moved";
}

/** The bytes of a finished file; `undefined` when it is not in its place. One that has not got its name gets it. */
async function bytesOf(
  { source: { bytes } }: MoveUploadDeps,
  upload: CompleteUpload,
): Promise<Bytes & Disposable & { readonly modifiedAt: number | undefined } | undefined> {
  const { id, length, path } = upload;
  if (await bytes.find(upload) === "unplaced" && !await bytes.place(id, path)) {
    throw new Error("its file has not got its name yet: start the server on the old place once");
  }
  const first = await bytes.openFinished(upload);
  if (first === undefined) return undefined;
  const { modifiedAt } = first;
  let next: typeof first | undefined = first;
  return {
    id,
    length,
    modifiedAt,
    read() {
      const file = next;
      next = undefined;
      return file?.read() ?? again(() => bytes.openFinished(upload));
    },
    [Symbol.dispose]: () => next?.close(),
  };
}

/** Reads a file that is opened when the first bytes are asked for. */
function again(open: () => ReturnType<MoveSource["bytes"]["openFinished"]>): ReadableStream<Uint8Array> {
  return ReadableStream.from((async function* () {
    const file = await open();
    if (file !== undefined) yield* file.read();
  })());
}

/** Sets the file's time and gives its identity. A disk that refuses the time does not keep the file from moving. */
async function seal(
  { report }: MoveUploadDeps,
  { path }: CompleteUpload,
  file: UnfinishedFile,
  modifiedAt: number | undefined,
): Promise<string> {
  try {
    return await file.seal(modifiedAt);
  } catch (error) {
    if (modifiedAt === undefined) throw error;
    report.note(`${path} has another time of change in the new place, which refuses its own`);
    return await file.seal();
  }
}

/** Records a finished upload whose file somebody took away: a server there answers for it as one here does. */
async function recordAbsent(target: MoveTarget, upload: CompleteUpload, before: Upload | undefined): Promise<void> {
  const { identity: _, ...rest } = upload;
  for (let attempt = 0;; attempt++) {
    const path = await chooseMoved(target, upload, attempt);
    if (path === undefined) continue;
    await target.bytes.abandon(path);
    return await record(target, { ...rest, path }, before);
  }
}

/** Commits a record in the new place, with its indexes. */
async function record({ keys, database }: MoveTarget, next: Upload, before: Upload | undefined): Promise<void> {
  const claim = next.state === "complete" && before?.state !== "complete" ? [keys.claim(next.path)] : [];
  const isDone = await database.commit({
    checks: claim.map((key) => ({ key, versionstamp: null })),
    set: keys.entries(next),
    remove: [...before === undefined ? [] : keys.indexes(before), placingKey(next.id)],
  });
  if (!isDone) throw new Error("its name is taken in the new place: something else writes there");
}

/** True for the record of a finished upload that was moved without its bytes. */
function isAbsent(record: Upload): boolean {
  return record.state === "complete" && record.identity === undefined;
}

/**
 * Removes all bytes of an upload in the new place. `record` is what is recorded there; a run that ended before the record
 * may have put the file in its place.
 */
export async function removeMoved(target: MoveTarget, id: string, record: Upload | undefined): Promise<void> {
  const { bytes, database: { kv, commit } } = target;
  if (record?.state === "complete") await bytes.removeFinished(record);
  const noted = await kv.get<Pick<CompleteUpload, "path" | "length" | "identity">>(placingKey(id));
  if (noted.value !== null) {
    await bytes.removeFinished({ ...noted.value, id });
    await commit({ remove: [placingKey(id)] });
  }
  await discard(target, id);
}

/** Removes the record of an upload in the new place, with its indexes. */
export async function removeRecord({ keys, database }: MoveTarget, record: Upload): Promise<void> {
  await database.commit({ remove: [uploadKey(record.id), ...keys.indexes(record)] });
}

async function discard({ bytes }: MoveTarget, id: string): Promise<void> {
  if (await bytes.length(id) !== undefined) await bytes.discard(id);
}

function copyDeps({ target: { bytes }, signal, report }: MoveUploadDeps) {
  return { bytes, signal, copied: report.bytes };
}

function isSame(one: Upload | undefined, other: Upload): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
