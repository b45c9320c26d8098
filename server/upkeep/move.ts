import { ConfigError } from "../config/config_error.ts";
import { BUCKET_AWAY, isDiskFull, UploadError } from "../errors.ts";
import { type CompleteUpload, safeBytes, type Upload } from "../model/upload.ts";
import { formatWhileMoving, placingKey, sourceOfMove } from "../storage/kv/moving.ts";
import { SERVICE_TIME, uploadKey } from "../storage/kv/record_keys.ts";
import { allRecords } from "../storage/kv/records.ts";
import { inGroups, moveEntries, otherEntries } from "./move_entries.ts";
import {
  type Amounts,
  type MoveReport,
  type MoveSource,
  type MoveTally,
  type MoveTarget,
  noAmounts,
} from "./move_places.ts";
import { moveUpload, removeMoved, removeRecord } from "./move_upload.ts";

export interface MoveDeps {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  readonly report: MoveReport;
  /** How many uploads are moved at a time. */
  readonly jobs: number;
  /** Aborts when the move is to stop. What is moved stays, and another run goes on. */
  readonly signal: AbortSignal;
  /** Throws {@linkcode ConfigError} when a server runs on the source. */
  readonly checkAlone: () => Promise<void>;
}

/**
 * Copies everything from one place to another: the bytes of all uploads, which are read back and compared, their records,
 * and all other entries of the database. Removes nothing in the source. Until it is finished no server can be opened on the
 * target, and another run goes on: it copies what is not there, and removes what is gone from the source since. Memory does
 * not follow how much there is. Throws {@linkcode ConfigError} for a target that is not empty and not of this move.
 */
export async function move(deps: MoveDeps): Promise<MoveTally> {
  const { source, target, report, signal } = deps;
  await deps.checkAlone();
  const servedMs = await serviceTime(source);
  const isFirst = await begin(source, target);
  const total = await count(source, signal);
  report.begin(total);
  const tally: MoveTally = { ...total, before: 0, absent: 0, failed: 0 };
  await inParallel(allRecords(source.kv), deps.jobs, async (upload) => {
    signal.throwIfAborted();
    try {
      const moved = await moveUpload({ ...deps, isFirst }, upload);
      if (moved !== "moved") tally[moved]++;
      report.done();
    } catch (error) {
      if (signal.aborted || isOfAll(error)) throw error;
      tally.failed++;
      report.note(`Cannot move ${nameOf(upload)}: ${error instanceof Error ? error.message : error}`);
    }
  });
  await moveEntries({ source: source.kv, target: target.database, signal });
  if (tally.failed > 0) return tally;
  await removeOthers(deps);
  await deps.checkAlone();
  if (await serviceTime(source) !== servedMs) {
    throw new ConfigError(
      "A server ran on the old place meanwhile: keep it ended, and run this again for what came since",
    );
  }
  await target.database.commit({ set: [[["format"], target.format]] });
  return tally;
}

/** The service time of a place. A server that ends records it, so it tells of one that came and went. */
async function serviceTime({ kv }: MoveSource): Promise<unknown> {
  return (await kv.get(SERVICE_TIME)).value;
}

/** Counts what there is to be moved. */
export async function count({ kv }: Pick<MoveSource, "kv">, signal: AbortSignal): Promise<Amounts> {
  const amounts = noAmounts();
  for await (const upload of allRecords(kv)) {
    signal.throwIfAborted();
    amounts[upload.state === "complete" ? "finished" : upload.state === "receiving" ? "unfinished" : "over"]++;
    if (upload.state !== "gone") amounts.bytes += safeBytes(upload);
  }
  for await (const { key: [kind] } of otherEntries(kv)) {
    if (kind === "token") amounts.tokens++;
    if (kind === "link") amounts.links++;
    if (kind === "event" || kind === "delivery") amounts.events++;
  }
  return amounts;
}

/** Marks the target as one that is being filled. Gives false when an earlier run has done so. */
async function begin({ name }: MoveSource, { database: { kv, commit }, occupant }: MoveTarget): Promise<boolean> {
  const format = await kv.get(["format"]);
  const from = sourceOfMove(format.value);
  if (from === name) return false;
  if (from !== undefined) {
    throw new ConfigError(`A move from ${from} to this place is not finished: go on with that one, or empty the place`);
  }
  const there = format.value !== null ? "the records of a server" : await hasEntries() ? "entries" : await occupant();
  if (there !== undefined) {
    throw new ConfigError(`The new place is not empty: it has ${there}. Give an empty one; nothing was changed`);
  }
  if (await commit({ checks: [format], set: [[["format"], formatWhileMoving(name)]] })) return true;
  throw new ConfigError("Another program writes to the new place: end it");

  async function hasEntries(): Promise<boolean> {
    for await (const _ of kv.list({ start: [""], end: [0] }, { limit: 1 })) return true;
    return false;
  }
}

/** Removes in the target what an earlier run has moved, and what is gone from the source since. */
async function removeOthers({ source, target, signal }: MoveDeps): Promise<void> {
  const { bytes, database: { kv, commit } } = target;
  await inGroups(allRecords(kv), async (group) => {
    signal.throwIfAborted();
    const found = await source.kv.getMany(group.map(({ id }) => uploadKey(id)));
    for (const upload of group.filter((_, index) => found[index]!.value === null)) {
      await removeMoved(target, upload.id, upload);
      await removeRecord(target, upload);
    }
  });
  for await (const name of bytes.unfinished()) {
    signal.throwIfAborted();
    if ((await kv.get<Upload>(uploadKey(name))).value?.state !== "receiving") await bytes.discard(name);
  }
  for await (const { key, value } of kv.list<Pick<CompleteUpload, "path" | "length">>({ prefix: ["moving"] })) {
    const id = String(key[1]);
    await bytes.removeFinished({ ...value, id });
    await commit({ remove: [placingKey(id)] });
  }
}

/** Does `work` with some items at a time. After an error no further item is begun, and it is thrown when all have ended. */
async function inParallel<T>(
  items: AsyncIterableIterator<T>,
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const one = async () => {
    while (failure === undefined) {
      const { done, value } = await items.next();
      if (done) return;
      await work(value);
    }
  };
  const guarded = () => one().catch((error) => void (failure ??= { error }));
  await Promise.all(Array.from({ length: jobs }, guarded));
  await items.return?.(undefined);
  if (failure !== undefined) throw failure.error;
}

/** True for an error that all further uploads would have too. */
function isOfAll(error: unknown): boolean {
  if (isDiskFull(error) || error instanceof UploadError && error.code === "no-database") return true;
  return error instanceof Error && "code" in error && error.code === BUCKET_AWAY;
}

function nameOf(upload: Upload): string {
  if (upload.state === "complete") return `${upload.path} (upload ${upload.id})`;
  return upload.state === "receiving" ? `the unfinished ${upload.name} (upload ${upload.id})` : `upload ${upload.id}`;
}
