/** What tells one file from another on a machine. */
export interface Identity {
  readonly dev: number;
  readonly ino: number | null;
}

export interface FolderWatchOptions {
  /** The file in the folder that stands for all of it; this process has it open, so nothing else can get its number. */
  readonly path: string;
  /** Looks what lies at a path, in microseconds. */
  readonly stat?: (path: string) => Identity;
  /** Milliseconds that only go forward. */
  readonly monotonic?: () => number;
  /** Where nobody asks, it is looked so often. */
  readonly everyMs?: number;
}

/** A look costs a few microseconds, which is too much for every single answer. */
const FRESH_MS = 100;

/** Watches that the data folder is the one that was opened: it may be moved, exchanged or remounted under the server. */
export interface FolderWatch extends Disposable {
  /**
   * False from the moment on in which another file, or none, was found in the place of the first. Never true again. A
   * look of `maxAgeMs` ago is new enough; 100 ms where nothing is said.
   */
  isThere(maxAgeMs?: number): boolean;
  /** Resolves in that moment, with what was found. */
  readonly moved: Promise<string>;
}

/**
 * Begins to watch. Throws where there is nothing at `path`. What goes wrong with a look, other than that nothing is
 * there, says nothing of the folder.
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

/** What is there in the place of the first file; `undefined` where it is that one, or nobody can tell. */
function difference(first: Identity, look: () => Identity): string | undefined {
  try {
    const { dev, ino } = look();
    if (dev !== first.dev) return "another disk is mounted there";
    return ino === first.ino ? undefined : "another one is in its place";
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    return isGone ? "nothing is there any more" : undefined;
  }
}
