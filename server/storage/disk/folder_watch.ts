/** The numbers that tell one file from another on a machine. */
export interface FileNumbers {
  readonly dev: number;
  readonly ino: number | null;
}

export interface FolderWatchOptions {
  /**
   * A file in the folder that this process keeps open, so that no other file can get its inode. It stands for the
   * folder.
   */
  readonly path: string;
  /** Looks at the file at a path. A synchronous call that takes microseconds. */
  readonly stat?: (path: string) => FileNumbers;
  /** A clock in milliseconds that never goes back. */
  readonly monotonic?: () => number;
  /** How often the watch looks by itself, in milliseconds. */
  readonly everyMs?: number;
}

/**
 * For how many milliseconds the result of a look at the folder is used again. A look takes microseconds, which is too
 * much for every single answer.
 */
const FRESH_MS = 100;

/**
 * Watches whether the data folder is still the one that was opened. A person may move, exchange or remount it (I14).
 */
export interface FolderWatch extends Disposable {
  /**
   * True as long as the folder is there. Once a look has found another file, or none, it stays false. Looks again if
   * the last look is older than `maxAgeMs`, 100 ms by default.
   */
  isThere(maxAgeMs?: number): boolean;
  /** Resolves when the folder is found moved, with a text that says what is there instead. */
  readonly moved: Promise<string>;
}

/**
 * Begins to watch. Throws when there is nothing at `path`. A look that fails for another reason than a missing file
 * says nothing about the folder, and is ignored.
 */
export function watchFolder(
  { path, stat = Deno.statSync, monotonic = () => performance.now(), everyMs = 5000 }: FolderWatchOptions,
): FolderWatch {
  const first = stat(path);
  const { promise: moved, resolve } = Promise.withResolvers<string>();
  let whyNot: string | undefined;
  let lookedAt = monotonic();

  function look(): void {
    lookedAt = monotonic();
    whyNot = difference(first, () => stat(path));
    if (whyNot === undefined) return;
    clearInterval(timer);
    resolve(whyNot);
  }
  const timer = setInterval(look, everyMs);
  Deno.unrefTimer(timer);
  return {
    isThere(maxAgeMs = FRESH_MS) {
      if (whyNot === undefined && monotonic() - lookedAt >= maxAgeMs) look();
      return whyNot === undefined;
    },
    moved,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Says what lies there instead of the first file; `undefined` when it is that file, or when nobody can tell. */
function difference(first: FileNumbers, look: () => FileNumbers): string | undefined {
  try {
    const { dev, ino } = look();
    if (dev !== first.dev) return "another disk is mounted there";
    return ino === first.ino ? undefined : "another one is in its place";
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    return isGone ? "nothing is there any more" : undefined;
  }
}
