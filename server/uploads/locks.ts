import { UploadError } from "../errors.ts";

/** Why a holder is asked to stop. */
export type StopReason = "taken-over" | "shutdown";

/** How long a request that only asks waits for a writer, and after how much silence it takes the upload from it. */
export interface Patience {
  readonly waitMs: number;
  readonly silenceMs: number;
}

/** The right to write to one upload, until it is released. */
export interface Lease extends Disposable {
  /** Aborts, with a {@linkcode StopReason}, when the holder must let go: soon, with what has arrived flushed. */
  readonly stop: AbortSignal;
  /** The holder says that so many more bytes have come from its client. */
  arrived(bytes: number): void;
  /** Released, the upload stays held until `work`, which never throws, is done. */
  keepUntil(work: Promise<void>): void;
}

interface Holder {
  /** Which request it is, in the order in which they came. */
  readonly number: number;
  readonly controller: AbortController;
  readonly released: Promise<void>;
  /** Where in the file the bytes end that have come; `undefined` for a holder that appends nothing. */
  position: number | undefined;
  heardAt: number;
  /** Wakes those that wait for something to come. */
  readonly watchers: Set<() => void>;
}

/** One writer per upload; a newcomer asks the holder to stop and gets the upload when it has let go. */
export class Writers {
  /** The last in line for each upload: it holds the upload, or waits for the one before it. */
  readonly #last = new Map<string, Holder>();
  #count = 0;
  #closed = false;

  /** The number of a request that comes now. */
  arrive(): number {
    return ++this.#count;
  }

  /** True while somebody holds the upload or waits for it. */
  isHeld(id: string): boolean {
    return this.#last.has(id);
  }

  /**
   * True while nobody holds the upload, or an earlier request than `number` whose bytes end at `offset`, where that one
   * will go on. One that has waited, and is dead perhaps, takes nothing from one that has come after it.
   */
  isFree(id: string, offset: number | undefined, number = Infinity): boolean {
    const holder = this.#last.get(id);
    return holder === undefined || offset !== undefined && holder.position === offset && holder.number < number;
  }

  /**
   * Takes the upload, from its holder if there is one: with several in line the last wins, and those before it get
   * their turn already stopped. `position` is where a newcomer will append. Throws `shutdown` when the server is ending.
   */
  async takeOver(id: string, position?: number, number = this.arrive()): Promise<Lease> {
    if (this.#closed) throw shuttingDown();
    const before = this.#last.get(id);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holder: Holder = {
      number,
      controller: new AbortController(),
      released,
      position,
      heardAt: performance.now(),
      watchers: new Set(),
    };
    this.#last.set(id, holder);
    before?.controller.abort("taken-over" satisfies StopReason);
    await before?.released;
    holder.heardAt = performance.now();
    let work: Promise<void> | undefined;
    const leave = () => {
      if (this.#last.get(id) === holder) this.#last.delete(id);
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
   * Waits until nobody holds the upload: for a holder to end, or to be silent, which ends it; or until a holder's bytes
   * end at `offset`, where the newcomer will go on. True when that came to pass; false when a holder that goes on
   * receiving was left alone after `waitMs`.
   */
  async settle(
    id: string,
    { waitMs, silenceMs }: Patience,
    { offset, number = Infinity }: { offset?: number; number?: number } = {},
  ): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    for (let holder = this.#last.get(id); holder !== undefined; holder = this.#last.get(id)) {
      if (this.isFree(id, offset, number)) return true;
      const now = performance.now();
      const silentAt = holder.number < number ? holder.heardAt + silenceMs : Infinity;
      if (now >= deadline) return false;
      if (now >= silentAt) holder.controller.abort("taken-over" satisfies StopReason);
      await change(holder, (now >= silentAt ? deadline : Math.min(deadline, silentAt)) - now);
    }
    return true;
  }

  /** Asks whoever holds the upload to stop, for another request; returns at once. */
  stop(id: string): void {
    this.#last.get(id)?.controller.abort("taken-over" satisfies StopReason);
  }

  /** Waits until nobody holds the upload, and hurries nobody. */
  async untilFree(id: string): Promise<void> {
    for (let holder = this.#last.get(id); holder !== undefined; holder = this.#last.get(id)) await holder.released;
  }

  /** Asks all holders to stop, refuses newcomers, and returns when nobody holds anything. */
  async close(): Promise<void> {
    this.#closed = true;
    for (let holders = [...this.#last.values()]; holders.length > 0; holders = [...this.#last.values()]) {
      for (const { controller } of holders) controller.abort("shutdown" satisfies StopReason);
      await Promise.all(holders.map((holder) => holder.released));
    }
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
