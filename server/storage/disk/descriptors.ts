import { isOutOfFiles } from "../../errors.ts";

/** Opens a file where none more can be opened, for a request that runs. */
export type Lend = (open: () => Deno.FsFile) => Deno.FsFile;

/** Places for open files that are kept free for the requests that run, when connections have taken all others. */
export interface Spare {
  /** Opens a file, in one of the places where no other is left. Throws what `open` throws. */
  readonly lend: Lend;
  /** True when all places are there; takes, again, as many as it can. */
  fill(): boolean;
  /** Gives the places up. */
  release(): void;
}

/** Keeps `count` places for open files, each by opening `folder`. */
export function createSpare(folder: string, count: number): Spare {
  const held: Deno.FsFile[] = [];

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
          const place = isOutOfFiles(error) ? held.pop() : undefined;
          if (place === undefined) throw error;
          place.close();
        }
      }
    },
    fill,
    release() {
      for (const file of held.splice(0)) file.close();
    },
  };
}

/** How many more files and connections this process can have open now, counted up to `most`: opens `folder` so often. */
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
