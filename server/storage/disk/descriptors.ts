import { isOutOfFiles } from "../../errors.ts";

/** Opens a file for a running request, with a spare descriptor if no other is free. */
export type Lend = (open: () => Deno.FsFile) => Deno.FsFile;

/** Spare descriptors: kept open for the requests that run, for when connections have taken all others. */
export interface Spare {
  /** Calls `open`, and closes a spare descriptor for it if no other is free. Throws what `open` throws. */
  readonly lend: Lend;
  /** Opens the spare descriptors that are missing, as far as it can. True when all are there. */
  fill(): boolean;
  /**
   * True when `count` descriptors are free besides all the spare ones, and none was missing since the last call. It
   * opens that many and closes them, which takes 10 µs for each.
   */
  hasFree(count: number): boolean;
  /** Closes all spare descriptors. */
  release(): void;
}

/** Keeps `count` spare descriptors, each by opening `folder`. */
export function createSpare(folder: string, count: number): Spare {
  const held: Deno.FsFile[] = [];
  let wasShort = false;

  function fill(): boolean {
    try {
      while (held.length < count) held.push(Deno.openSync(folder));
    } catch (error) {
      if (!isOutOfFiles(error)) throw error;
    }
    return held.length === count;
  }

  return {
    lend(open) {
      for (;;) {
        try {
          const file = open();
          if (held.length < count) fill();
          return file;
        } catch (error) {
          const isShort = isOutOfFiles(error);
          wasShort ||= isShort;
          const spare = isShort ? held.pop() : undefined;
          if (spare === undefined) throw error;
          spare.close();
        }
      }
    },
    fill,
    hasFree(needed) {
      const was = wasShort;
      wasShort = false;
      return !was && fill() && countFree(folder, needed) === needed;
    },
    release() {
      for (const file of held.splice(0)) file.close();
    },
  };
}

/** Counts how many more files and connections this process can open, up to `most`, by opening `folder` that often. */
export function countFree(folder: string, most: number): number {
  const held: Deno.FsFile[] = [];
  try {
    while (held.length < most) held.push(Deno.openSync(folder));
  } catch (error) {
    if (!isOutOfFiles(error)) throw error;
  }
  for (const file of held) file.close();
  return held.length;
}
