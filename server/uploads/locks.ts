import { UploadError } from "../errors.ts";
import type { StopReason } from "../receiving/receive.ts";

/** How long a request waits for a holder, and after how much silence it takes the lock from it; milliseconds. */
export interface Patience {
  readonly waitMs: number;
  readonly silenceMs: number;
}

/** A lock that is held, until it is released. */
export interface Lease extends Disposable {
  /** Aborts, with a {@linkcode StopReason}, when the holder must let go: soon, with what has arrived flushed. */
  readonly stop: AbortSignal;
  /** The holder says that so many more bytes have come from its client. */
  arrived(bytes: number): void;
  /** Released, the lock stays held until `work`, which never throws, is done. */
  keepUntil(work: Promise<void>): void;
}

/** What a request says that wants a lock. */
export interface Claim {
  /** Where in the file it will append, in bytes; absent where it appends nothing. */
  readonly position?: number;
  /** Its request, as {@linkcode Locks.arrive} numbered it; the newest one where nothing is said. */
  readonly arrival?: number;
  /** A lease that the same request has already: it gets this lock also when the server is ending. */
  readonly within?: Lease | undefined;
}

interface Holder {
  readonly arrival: number;
  readonly controller: AbortController;
  readonly released: Promise<void>;
  /** Where in the file the bytes end that have come; `undefined` for a holder that appends nothing. */
  position: number | undefined;
  heardAt: number;
  /** Wakes those that wait for something to come. */
  readonly watchers: Set<() => void>;
}

/**
 * One holder at a time for each key: the id of an upload, for the right to write to it, or a client's own id
 * ({@linkcode keyOfClient}), for the right to say which upload it means. A newcomer asks the holder to stop and gets the
 * lock when that has let go. A request that needs both takes the client's id first, never the other way.
 */
export class Locks {
  /** The holder of each lock, and behind it those that wait for it, in line. */
  readonly #lines = new Map<string, Holder[]>();
  #count = 0;
  #closed = false;

  /** The number of a request that comes now. */
  arrive(): number {
    return ++this.#count;
  }

  /** True while somebody holds the lock or waits for it. */
  isHeld(key: string): boolean {
    return this.#lines.has(key);
  }

  /**
   * True while nobody holds the lock, or a request from before `arrival` whose bytes end at `offset`, where that one
   * will go on. A request that has waited, and is dead perhaps, takes nothing from one that has come after it.
   */
  isFree(key: string, offset?: number, arrival = Infinity): boolean {
    const holder = this.#lines.get(key)?.at(-1);
    return holder === undefined || offset !== undefined && holder.position === offset && holder.arrival < arrival;
  }

  /**
   * Takes the lock from all whose requests came before: with several in line the last one wins, and those before it get
   * their turn already stopped. Throws `shutdown` when the server is ending.
   */
  async takeOver(key: string, { position, arrival = this.arrive(), within }: Claim = {}): Promise<Lease> {
    if (this.#closed && within === undefined) throw shuttingDown();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holder: Holder = {
      arrival,
      controller: new AbortController(),
      released,
      position,
      heardAt: performance.now(),
      watchers: new Set(),
    };
    const line = this.#lines.get(key) ?? [];
    const before = line.at(-1);
    stopEarlier(line, arrival);
    line.push(holder);
    this.#lines.set(key, line);
    await before?.released;
    holder.heardAt = performance.now();
    let work: Promise<void> | undefined;
    const leave = () => {
      line.splice(line.indexOf(holder), 1);
      if (line.length === 0) this.#lines.delete(key);
      release();
    };
    return {
      stop: holder.controller.signal,
      arrived(bytes) {
        holder.heardAt = performance.now();
        if (holder.position !== undefined) holder.position += bytes;
        for (const wake of holder.watchers) wake();
      },
      keepUntil(more) {
        work = more;
      },
      [Symbol.dispose]() {
        if (work === undefined) leave();
        else work.then(leave);
      },
    };
  }

  /**
   * Waits until nobody holds the lock: for a holder to end, or to be silent, which ends it; or until a holder's bytes end
   * at `offset`, where the newcomer will go on. True when that came to pass; false when a holder that goes on receiving
   * was left alone after `waitMs`.
   */
  async settle(
    key: string,
    { waitMs, silenceMs }: Patience,
    { offset, arrival = Infinity }: { offset?: number; arrival?: number } = {},
  ): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    for (let line = this.#lines.get(key); line !== undefined; line = this.#lines.get(key)) {
      if (this.isFree(key, offset, arrival)) return true;
      const [first, last] = [line[0]!, line.at(-1)!];
      const now = performance.now();
      if (now >= deadline) return false;
      const silentAt = last.arrival < arrival ? Math.max(first.heardAt, last.heardAt) + silenceMs : Infinity;
      const isSilent = now >= silentAt;
      if (isSilent) stopEarlier(line, arrival);
      await change(last, (isSilent ? deadline : Math.min(deadline, silentAt)) - now);
    }
    return true;
  }

  /** Asks all holders to stop, refuses newcomers, and returns when nobody holds anything. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#lines.size > 0) {
      const holders = [...this.#lines.values()].flat();
      for (const { controller } of holders) controller.abort("shutdown" satisfies StopReason);
      await Promise.all(holders.map((holder) => holder.released));
    }
  }
}

/** The lock on what a client's own id means; no upload's id has this form. */
export function keyOfClient({ owner, clientId }: { owner: string; clientId: string }): string {
  return JSON.stringify([owner, clientId]);
}

function stopEarlier(line: readonly Holder[], arrival: number): void {
  for (const holder of line) {
    if (holder.arrival < arrival) holder.controller.abort("taken-over" satisfies StopReason);
  }
}

/** What is thrown when the server stops: what has come is kept. */
export function shuttingDown(): UploadError {
  return new UploadError("shutdown", "The server is restarting: try again in a few seconds");
}

/** Returns when the holder has let go, or got more bytes, or after `ms`. */
async function change(holder: Holder, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(1, ms));
  holder.watchers.add(resolve);
  await Promise.race([holder.released, promise]);
  holder.watchers.delete(resolve);
  clearTimeout(timer);
}
