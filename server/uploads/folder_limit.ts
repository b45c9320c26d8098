import { createHash } from "node:crypto";
import { UploadError } from "../errors.ts";
import { payerOf } from "../model/owner.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";
import type { RecordStore } from "../storage/store.ts";

/** The most owners whose folders are remembered. All are forgotten when there are more. */
const MAX_REMEMBERED = 100;

/** A count that took some time is made anew after this many times as long: so counting takes a tenth of the time at most. */
const REST = 9;

/** The folders of one owner, as they were counted, with those of the uploads that began since. */
interface Counted {
  readonly folders: Set<string>;
  /** The moment from which they may be counted anew, by the monotonic clock. */
  readonly mayAgainAt: number;
}

type Begun = Pick<ReceivingUpload | CompleteUpload, "owner" | "link">;

/** The dependencies of {@linkcode FolderLimit}. */
export interface FolderLimitDeps {
  /** The most folders of one owner; `Infinity` for no limit. */
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
  readonly #counted = new Map<string, Promise<Counted>>();
  /** The folders of the uploads that are being recorded now, each list with its owner. */
  readonly #underWay = new Set<{ readonly payer: string; readonly folders: readonly string[] }>();
  #records: RecordStore | undefined;

  constructor(deps: FolderLimitDeps) {
    this.#deps = deps;
  }

  /** How many folders an owner has; `undefined` without a limit. */
  async countOf(owner: string): Promise<number | undefined> {
    if (this.#deps.max === Infinity) return undefined;
    return (await this.#count(payerOf(owner), true)).folders.size;
  }

  /** Gives the records, with the folders of every new upload counted. `create` throws `too-many-folders`. */
  watch(records: RecordStore): RecordStore {
    this.#records = records;
    return {
      ...records,
      create: (upload, instead) => {
        const names = upload.state === "complete" ? upload.path.split("/").slice(0, -1) : upload.folders;
        if (names.length === 0 || this.#deps.max === Infinity) return records.create(upload, instead);
        return this.#within(upload, names, () => records.create(upload, instead));
      },
    };
  }

  async #within<T>(upload: Begun, names: readonly string[], create: () => Promise<T>): Promise<T> {
    const folders = this.#pathsOf(names);
    await this.#take(upload, folders);
    const underWay = { payer: payerOf(upload.owner), folders };
    this.#underWay.add(underWay);
    try {
      return await create();
    } finally {
      this.#underWay.delete(underWay);
    }
  }

  /** Counts the folders of a new upload. Throws `too-many-folders`, and counts none then. */
  async #take({ owner, link }: Begun, folders: readonly string[]): Promise<void> {
    const { max } = this.#deps;
    const payer = payerOf(owner);
    const addTo = (counted: Counted): boolean => {
      const further = folders.filter((folder) => !counted.folders.has(folder));
      const isWithin = further.length === 0 || counted.folders.size + further.length <= max;
      if (isWithin) further.forEach((folder) => counted.folders.add(folder));
      return isWithin;
    };
    if (addTo(await this.#count(payer))) return;
    // Some may have gone since.
    if (addTo(await this.#count(payer, true))) return;
    throw new UploadError(
      "too-many-folders",
      // A link's visitor is told nothing of what its owner has.
      link === undefined
        ? `You may have ${max} folders, and this file would make more: put it into one that is there, or delete some first`
        : "The owner of this link takes no more folders: send the file without one",
    );
  }

  /** Gives an owner's folders. Counts them if that has not been done, or `again` unless that was done just now. */
  async #count(payer: string, again = false): Promise<Counted> {
    const known = this.#counted.get(payer);
    if (known !== undefined) {
      const counted = await known;
      if (!again || this.#deps.monotonic() < counted.mayAgainAt) return counted;
      // Another request may have begun a count meanwhile.
      if (this.#counted.get(payer) !== known) return await this.#count(payer);
    }
    if (this.#counted.size >= MAX_REMEMBERED) this.#counted.clear();
    const counting = this.#countNow(payer);
    this.#counted.set(payer, counting);
    counting.catch(() => {
      if (this.#counted.get(payer) === counting) this.#counted.delete(payer);
    });
    return await counting;
  }

  async #countNow(payer: string): Promise<Counted> {
    const { unfinished, monotonic } = this.#deps;
    const startedAt = monotonic();
    const folders = new Set<string>();
    const add = (paths: readonly string[]) => paths.forEach((path) => folders.add(path));
    // An upload that is recorded, or ends, while the others are listed is among these. New ones wait for the count.
    for (const begun of this.#underWay) if (begun.payer === payer) add(begun.folders);
    for (const names of unfinished(payer)) add(this.#pathsOf(names));
    for await (const folder of this.#records?.folders(payer) ?? []) {
      // Most files lie in a folder that is known by now, and then so are those around it.
      if (!folders.has(shortened(folder))) add(this.#pathsOf(folder.split("/")));
    }
    const endedAt = monotonic();
    return { folders, mayAgainAt: endedAt + REST * (endedAt - startedAt) };
  }

  /** The paths of folders, each inside the one before. */
  #pathsOf(names: readonly string[]): string[] {
    return names.map((_, at) => shortened(this.#deps.sameName(names.slice(0, at + 1).join("/"))));
  }
}

/** A path, or the digest of a long one: very many may be remembered. */
function shortened(path: string): string {
  return path.length <= 64 ? path : createHash("sha256").update(path).digest("base64url");
}
