import { createHash } from "node:crypto";
import { UploadError } from "../errors.ts";
import { payerOf } from "../model/owner.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";

/** The most owners whose folders are remembered. Those that were counted first are forgotten when there are more. */
const MOST_OWNERS = 10_000;

/** How many owners are remembered whatever they have. */
const FEW_OWNERS = 100;

/** The most folders that are remembered of more owners than those, each with some hundred bytes. */
const MOST_FOLDERS = 1_000_000;

/** A count that took some time is made anew after this many times as long: so counting takes a tenth of the time at most. */
const REST = 9;

/** A count of one owner's folders, with those of the uploads that began since. */
interface Count {
  readonly folders: Set<string>;
  /** Resolves when all are counted. */
  done: Promise<void>;
  /** The moment from which they may be counted anew, by the monotonic clock; `Infinity` before all are counted. */
  mayAgainAt: number;
}

/** The folders of one upload, with its owner. */
interface FoldersOf {
  readonly payer: string;
  readonly folders: readonly string[];
}

type Begun = Pick<ReceivingUpload | CompleteUpload, "owner" | "link">;

/** The dependencies of {@linkcode FolderLimit}. */
export interface FolderLimitDeps {
  /** The most folders of one owner; `Infinity` for no limit. It may change. */
  readonly max: number;
  /** The folders of an owner's unfinished uploads, each as a list of names, the outermost first. */
  readonly unfinished: (payer: string) => Iterable<readonly string[]>;
  /** Two paths are one name on the disk when this gives one text for both. */
  readonly sameName: (path: string) => string;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
}

/**
 * Bounds the folders that the uploads of one owner make, finished and unfinished ones, with those that came by its
 * links: each folder takes an inode of the disk, and one upload can name many.
 *
 * An owner's folders are counted when its first upload with a folder begins, and then remembered. Folders that went
 * with their last file are missed by the next count, which is made when the limit is met, but not all the time.
 */
export class FolderLimit {
  readonly #deps: FolderLimitDeps;
  readonly #counts = new Map<string, Count>();
  /** The folders of the uploads that are being recorded now. */
  readonly #underWay = new Set<FoldersOf>();
  #records: RecordStore | undefined;

  constructor(deps: FolderLimitDeps) {
    this.#deps = deps;
  }

  /** How many folders an owner has; `undefined` without a limit. */
  async countOf(owner: string): Promise<number | undefined> {
    if (this.#deps.max === Infinity) return undefined;
    const count = this.#count(payerOf(owner), true);
    await count.done;
    return count.folders.size;
  }

  /** Gives the records, with the folders of every new upload counted. `create` throws `too-many-folders`. */
  watch(records: RecordStore): RecordStore {
    this.#records = records;
    return {
      ...records,
      create: (upload, instead) => {
        const names = upload.state === "complete" ? upload.path.split("/").slice(0, -1) : upload.folders;
        if (names.length === 0) return records.create(upload, instead);
        if (this.#deps.max === Infinity) {
          // Nothing is counted now, so what was counted is wrong if there is a limit again later.
          this.#counts.clear();
          return records.create(upload, instead);
        }
        return this.#within(upload, names, () => records.create(upload, instead));
      },
    };
  }

  async #within<T>(upload: Begun, names: readonly string[], create: () => Promise<T>): Promise<T> {
    const begun = { payer: payerOf(upload.owner), folders: folderNames(names, this.#deps.sameName) };
    for (let isAgain = false;;) {
      const count = this.#count(begun.payer, isAgain);
      await count.done;
      // A later count would not have what is added to this one.
      if (this.#counts.get(begun.payer) !== count) continue;
      if (this.#take(count, begun)) break;
      if (isAgain) throw tooManyFolders(this.#deps.max, upload);
      isAgain = true;
    }
    try {
      return await create();
    } finally {
      this.#underWay.delete(begun);
    }
  }

  /** Counts the folders of a new upload; false, and none is counted, when they are too many. */
  #take({ folders: counted }: Count, begun: FoldersOf): boolean {
    const further = begun.folders.filter((folder) => !counted.has(folder));
    if (further.length > 0 && counted.size + further.length > this.#deps.max) return false;
    further.forEach((folder) => counted.add(folder));
    this.#underWay.add(begun);
    return true;
  }

  /** Gives an owner's folders. Counts them if that has not been done, or `isAgain` unless that was done just now. */
  #count(payer: string, isAgain: boolean): Count {
    const known = this.#counts.get(payer);
    if (known !== undefined && !(isAgain && this.#deps.monotonic() >= known.mayAgainAt)) return known;
    this.#counts.delete(payer);
    this.#makeRoom();
    const count: Count = { folders: new Set(), mayAgainAt: Infinity, done: Promise.resolve() };
    this.#counts.set(payer, count);
    count.done = this.#fill(count, payer).catch((error) => {
      if (this.#counts.get(payer) === count) this.#counts.delete(payer);
      throw error;
    });
    return count;
  }

  /** Forgets owners, so that one more can be remembered. A count that is being made stays: others wait for it. */
  #makeRoom(): void {
    let folders = 0;
    for (const count of this.#counts.values()) folders += count.folders.size;
    for (const [payer, count] of this.#counts) {
      const { size } = this.#counts;
      if (size < FEW_OWNERS || size < MOST_OWNERS && folders <= MOST_FOLDERS) return;
      if (count.mayAgainAt === Infinity) continue;
      folders -= count.folders.size;
      this.#counts.delete(payer);
    }
  }

  async #fill(count: Count, payer: string): Promise<void> {
    const { unfinished, sameName, monotonic } = this.#deps;
    const startedAt = monotonic();
    const add = (paths: readonly string[]) => paths.forEach((path) => count.folders.add(path));
    // An upload that is recorded, or ends, while the others are listed is among these. New ones wait for the count.
    for (const begun of this.#underWay) if (begun.payer === payer) add(begun.folders);
    for (const names of unfinished(payer)) add(folderNames(names, sameName));
    for await (const folder of this.#records?.folders(payer) ?? []) {
      // Most files lie in a folder that is known by now, and then so are those around it.
      if (!count.folders.has(shortened(folder))) add(folderNames(folder.split("/"), sameName));
    }
    count.mayAgainAt = mayCountAgainAt(startedAt, monotonic());
  }
}

/** The moment from which a count that took so long may be made anew, by the same clock. */
export function mayCountAgainAt(startedAt: number, endedAt: number): number {
  return endedAt + REST * (endedAt - startedAt);
}

/** The folders that a list of names makes, each inside the one before: each as a text that is short. */
export function folderNames(names: readonly string[], sameName: (path: string) => string): string[] {
  return names.map((_, at) => shortened(sameName(names.slice(0, at + 1).join("/"))));
}

/** The refusal of an upload that would make more folders than its payer may have. */
export function tooManyFolders(max: number, { link }: Pick<Begun, "link">): UploadError {
  return new UploadError(
    "too-many-folders",
    // A link's visitor is told nothing of what its owner has.
    link === undefined
      ? `You may have ${max} folders, and this file would make more: put it into one that is there, or delete some first`
      : "The owner of this link takes no more folders: send the file without one",
  );
}

/** A path, or the digest of a long one: very many may be remembered. */
function shortened(path: string): string {
  return path.length <= 64 ? path : createHash("sha256").update(path).digest("base64url");
}
