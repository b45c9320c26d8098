import type { Bucket } from "./bucket.ts";
import type { Source } from "./reading.ts";

/** How many small sources are asked for at a time. */
const AHEAD = 8;
/** The largest one that is asked for ahead, in bytes. So these take at most 2 MiB of memory. */
const MAX_AHEAD = 256 * 1024;

/** Reads sources one behind the other. While one is read, the next ones are asked for if they are small. */
export async function* readAhead(bucket: Pick<Bucket, "read">, sources: readonly Source[]): AsyncGenerator<Uint8Array> {
  const asked: Promise<Uint8Array[]>[] = [];
  for (const [at, source] of sources.entries()) {
    if (source.size > MAX_AHEAD) {
      yield* bucket.read(source);
      asked[at] = Promise.resolve([]);
      continue;
    }
    for (let next = asked.length; next < Math.min(sources.length, at + AHEAD); next++) {
      if (sources[next]!.size > MAX_AHEAD) break;
      asked[next] = Array.fromAsync(bucket.read(sources[next]!));
      // An error is told when it is this source's turn.
      asked[next]!.catch(() => {});
    }
    yield* await asked[at]!;
    asked[at] = Promise.resolve([]);
  }
}
