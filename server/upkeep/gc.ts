import { isId } from "../model/id.ts";

/** An entry of `incoming/`, as it lies on disk. */
export interface Entry {
  readonly isFile: boolean;
  readonly bytes: number;
  /** How long ago it was last written to, in milliseconds. */
  readonly ageMs: number;
}

/** The dependencies of {@linkcode collect}. */
export interface GcDeps {
  /** The names of all entries of `incoming/`. */
  readonly entries: AsyncIterable<string>;
  /** The entry of that name; `undefined` when there is none any more. */
  readonly entryOf: (name: string) => Entry | undefined;
  /** True if no upload needs the entry. */
  readonly isOrphan: (name: string) => Promise<boolean>;
  /** True when a request holds the upload of that id. */
  readonly isHeld: (id: string) => Promise<boolean>;
  /**
   * The folders below `files/` that may go and have nothing but such folders in them, the inner ones first. No link is
   * followed.
   */
  readonly emptyFolders: (mayGo: (path: string, ageMs: number) => Promise<boolean>) => AsyncIterable<string>;
  /** True if a record names a finished file below the folder: then Pawl made it. */
  readonly isKnown: (folder: string) => Promise<boolean>;
  /** The ids of uploads that are over and whose records are past their time. */
  readonly expired: AsyncIterable<string>;
  /** Removes what was found; absent for a look alone. Each throws when it cannot. */
  readonly remove?: {
    entry(name: string): Promise<void>;
    /** False when the folder is not empty any more. */
    folder(path: string): boolean;
    record(id: string): Promise<void>;
  };
  readonly print: (line: string) => void;
}

/** The things that were found, and removed if that was asked for. */
export interface Swept {
  entries: number;
  /** The bytes of the entries. */
  bytes: number;
  folders: number;
  records: number;
  /** The things in `incoming/` that are not Pawl's, or in its place. */
  foreign: number;
  failed: number;
}

/** The age from which something is left over, in milliseconds. A request or a start that makes it now is done by then. */
export const OLD_MS = 3_600_000;

/** The name of a probe by which a server finds out what the disk can do. A crash in that moment leaves it. */
const PROBE = /^\.probe-[0-9a-f-]{36}(-2)?$/;

/**
 * Looks for what is left over, prints a line for each thing, and removes it if that was asked for. Each thing is looked
 * at again just before its removal, under the lock of its upload. Memory stays flat.
 */
export async function collect(deps: GcDeps): Promise<Swept> {
  const swept: Swept = { entries: 0, bytes: 0, folders: 0, records: 0, foreign: 0, failed: 0 };
  const { print, remove } = deps;
  const action = remove === undefined ? "--remove would remove it" : "Now remove it";

  async function unlessFailed(place: string, work: () => Promise<boolean | void> | boolean): Promise<boolean> {
    try {
      return await work() !== false;
    } catch (error) {
      swept.failed++;
      const why = error instanceof Error ? error.message : String(error);
      print(leftoverLine(place, `cannot be removed: ${why}`, "Look after the disk and its permissions"));
      return false;
    }
  }

  for await (const name of deps.entries) {
    const entry = deps.entryOf(name);
    if (entry === undefined) continue;
    const place = `incoming/${name}`;
    if (!entry.isFile || !isId(name) && !PROBE.test(name)) {
      swept.foreign++;
      print(leftoverLine(place, "is not Pawl's", "Move it away, if you do not want it"));
    } else if (entry.ageMs > OLD_MS && await deps.isOrphan(name) && !await deps.isHeld(name)) {
      print(leftoverLine(place, "belongs to no upload", action));
      if (!await unlessFailed(place, async () => await remove?.entry(name))) continue;
      swept.entries++;
      swept.bytes += entry.bytes;
    }
  }
  const mayGo = async (path: string, ageMs: number) => ageMs > OLD_MS && await deps.isKnown(path);
  for await (const path of deps.emptyFolders(mayGo)) {
    print(leftoverLine(`files/${path}`, "is empty: its files were taken away", action));
    if (await unlessFailed(`files/${path}`, () => remove?.folder(path) ?? true)) swept.folders++;
  }
  for await (const id of deps.expired) {
    if (await unlessFailed(`The record of ${id}`, async () => await remove?.record(id))) swept.records++;
  }
  return swept;
}

/** The line about something in the folder. Files that were put there by hand may have any name: none may forge a line. */
function leftoverLine(place: string, what: string, action: string): string {
  return `${place} ${what}. ${action}`.replaceAll(/\p{Cc}/gu, "?");
}
