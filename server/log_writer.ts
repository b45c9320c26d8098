/** Takes lines, and never makes the caller wait. */
export interface LineWriter {
  /** Takes a line, with its line feed. It is dropped, and counted, when too many wait to be written. */
  write(line: string): void;
  /** Resolves when every line was written or dropped, or after `patienceMs`. */
  flush(patienceMs: number): Promise<void>;
}

/** The dependencies of {@linkcode createLineWriter}. */
export interface LineWriterDeps {
  /** Writes bytes, and gives how many of them were written. It may take any time. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Makes the line that tells how many lines were dropped. */
  readonly tellDropped: (count: number) => string;
  /** The most characters that wait. As many again may be on their way. */
  readonly most?: number;
}

/** The size of the log of a busy server in some seconds. */
const MOST_CHARACTERS = 2 ** 19;

/**
 * Makes a writer that gathers lines while earlier ones are being written, so that a slow or full pipe stops nobody. The
 * lines that it had to drop are counted, and their number is written in their place, as soon as something can be
 * written again.
 */
export function createLineWriter({ write, tellDropped, most = MOST_CHARACTERS }: LineWriterDeps): LineWriter {
  const encoder = new TextEncoder();
  let waiting: string[] = [];
  let characters = 0;
  /** How many lines were dropped before and behind those that wait. */
  const dropped = { before: 0, behind: 0 };
  /** How many lines the last text stands for that was to be written. */
  let taken = 0;
  let isRunning = false;
  let running = Promise.resolve();

  async function run(): Promise<void> {
    isRunning = true;
    try {
      while (waiting.length > 0) await writeAll(takeWaiting());
    } catch {
      // Nobody reads, or the disk is full. The next line tries again.
      dropped.before = taken;
    } finally {
      isRunning = false;
    }
  }

  function takeWaiting(): Uint8Array {
    const { before, behind } = dropped;
    const text = [
      before > 0 ? tellDropped(before) : "",
      ...waiting,
      behind > 0 ? tellDropped(behind) : "",
    ].join("");
    taken = before + waiting.length + behind;
    [waiting, characters, dropped.before, dropped.behind] = [[], 0, 0, 0];
    return encoder.encode(text);
  }

  async function writeAll(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await write(rest));
  }

  return {
    write(line) {
      if (characters + line.length > most) {
        dropped.behind++;
        return;
      }
      waiting.push(line);
      characters += line.length;
      if (!isRunning) running = run();
    },
    async flush(patienceMs) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, patienceMs);
      await Promise.race([running, late.promise]);
      clearTimeout(timer);
    },
  };
}
