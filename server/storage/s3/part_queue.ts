import type { Bucket } from "./bucket.ts";
import type { Multipart, Piece } from "./layout.ts";
import type { HeldBytes } from "./memory.ts";
import { readAhead } from "./read_ahead.ts";
import type { Body } from "./transport.ts";
import type { Turns } from "./turns.ts";

/** A part to be sent. */
export interface Part {
  readonly multipart: Multipart;
  readonly number: number;
  /** Its first bytes, which lie in small objects. */
  readonly sources: readonly Piece[];
  /** Its other bytes. The queue lets go of them when the part is there. */
  readonly held: HeldBytes;
  /** True when another request sends some of these bytes too, so that their memory must not be used again. */
  readonly isShared: boolean;
}

interface SentPart extends Part {
  /** Resolves when this part and all before it are there. */
  readonly end: Promise<void>;
}

export interface PartQueueOptions {
  readonly bucket: Bucket;
  readonly turns: Turns;
  /** Called for each part in their order, as soon as it and all before it are there. */
  readonly arrived: (part: Part, etag: string) => void;
}

/** The parts of one writer that are under way. They arrive in any order, and count in theirs. */
export class PartQueue {
  readonly #options: PartQueueOptions;
  #parts: SentPart[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PartQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#parts.length;
  }

  /** Throws what the first part failed with that did not arrive. No later one counts. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Forgets a failure, when nothing is under way and the bytes behind it do not count any more. */
  forgetFailure(): void {
    this.#failure = undefined;
  }

  /** True while a part under way is read from this object. */
  isReading(key: string): boolean {
    return this.#parts.some(({ sources }) => sources.some((source) => source.key === key));
  }

  /** Begins to send a part. */
  send(part: Part): void {
    const before = this.#parts.at(-1)?.end ?? Promise.resolve();
    const sent = this.#put(part);
    sent.catch(() => {});
    const end: Promise<void> = (async () => {
      try {
        const [etag] = await Promise.all([sent, before]);
        this.check();
        this.#options.arrived(part, etag);
      } catch (error) {
        this.#failure ??= { error };
        throw error;
      } finally {
        // The last bytes may still be on their way when an earlier part has failed.
        await sent.catch(() => {});
        // One that fails may be over before those that were sent earlier.
        this.#parts = this.#parts.filter((other) => other.end !== end);
      }
    })();
    end.catch(() => {});
    this.#parts.push({ ...part, end });
  }

  /** Resolves when at most `count` parts are under way. Throws what a part has failed with. */
  async untilAtMost(count: number): Promise<void> {
    while (this.#parts.length > count) await this.#parts[0]!.end;
    this.check();
  }

  /** Resolves when the parts that are under way now are there. Throws what one has failed with. */
  async untilArrived(): Promise<void> {
    await this.#parts.at(-1)?.end;
    this.check();
  }

  /** Resolves when nothing is under way any more. */
  async untilOver(): Promise<void> {
    while (this.#parts.length > 0) await this.#parts.at(-1)!.end.catch(() => {});
  }

  #put({ multipart, number, sources, held, isShared }: Part): Promise<string> {
    const { bucket, turns } = this.#options;
    let mayBeSent = isShared;
    const again = () => void (mayBeSent = true);
    return turns.take(() => bucket.putPart(multipart, number, { ...joinedBody(bucket, sources, held.from(0)), again }))
      .catch((error) => {
        mayBeSent = true;
        throw error;
      })
      .finally(() => held.dropFirst(held.length, mayBeSent));
  }
}

/** The bytes of objects, and behind them bytes in memory, as one body. */
export function joinedBody(bucket: Bucket, sources: readonly Piece[], rest: readonly Uint8Array[]): Body {
  const length = [...sources.map(({ size }) => size), ...rest.map(({ length }) => length)]
    .reduce((sum, size) => sum + size, 0);
  if (sources.length === 0) return { length, pieces: () => rest };
  return {
    length,
    async *pieces() {
      yield* readAhead(bucket, sources);
      yield* rest;
    },
  };
}
