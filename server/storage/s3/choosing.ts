import { numberedName } from "../../model/names.ts";
import { freeNumber } from "../free_number.ts";
import { plainer, PLAINEST } from "../plainer.ts";
import { type Choice, RefusedPath, type WantedPath } from "../store.ts";
import { isSegment, keyOfPath } from "./keys.ts";

/** The most paths that are remembered; the set is emptied when it is full. */
const MAX_REMEMBERED = 10_000;

export interface ChoosingOptions {
  /** Maps a path to a text. Two paths are one name when their texts are equal. */
  readonly sameName: (path: string) => string;
  /** True when an object lies at a path. */
  readonly isTaken: (path: string) => Promise<boolean>;
}

/** Makes the function that chooses free paths in a bucket (`ByteStore.choose`). A bucket has no folders to be made. */
export function createChoose(
  { sameName, isTaken }: ChoosingOptions,
): (wanted: WantedPath, choice?: Choice) => Promise<string> {
  /** The paths that were chosen lately. Most are taken now. */
  const recentlyChosen = new Set<string>();

  function remembered(path: string): string {
    if (recentlyChosen.size >= MAX_REMEMBERED) recentlyChosen.clear();
    recentlyChosen.add(sameName(path));
    return path;
  }

  async function chooseAs({ name, folders }: WantedPath, choice: Choice): Promise<string | undefined> {
    if (![...folders, name].every(isSegment)) return undefined;
    const pathOf = (number: number) => [...folders, numberedName(name, number)].join("/");
    if (keyOfPath(pathOf(2 ** 32 + 2 ** 20)) === undefined) return undefined;
    const { isClaimed, isCrowded = false } = choice;
    if (!isCrowded && isClaimed === undefined && !recentlyChosen.has(sameName(pathOf(1)))) return remembered(pathOf(1));
    const number = await freeNumber(
      async (number) => await isClaimed?.(pathOf(number)) === true || await isTaken(pathOf(number)),
      { isCrowded },
    );
    return number === undefined ? undefined : remembered(pathOf(number));
  }

  return async (wanted, choice = {}) => {
    for (let level = choice.plainness ?? 0; level <= PLAINEST; level++) {
      const path = await chooseAs(plainer(wanted, level), choice);
      if (path !== undefined) return path;
    }
    throw new RefusedPath(wanted.name);
  };
}
