import { type Clock, systemClock } from "../async/clock.ts";
import { deferred } from "../async/deferred.ts";
import { during } from "../async/during.ts";
import { LocalLocks, type Locks } from "../memory/locks.ts";
import { originOf } from "../protocol/address.ts";

/** How many bodies are sent at a time, and how many of these places only small files may take. */
export interface SeatCount {
  /** How many bodies there are at a time. */
  all: number;
  /** How many of them are those of small files. */
  small: number;
}

/** A browser opens six connections to an HTTP/1.1 server. Two of them stay free for pages, questions and answers. */
const OVER_HTTP_1: SeatCount = { all: 4, small: 1 };
/** One connection of HTTP/2 or HTTP/3 carries a hundred requests at a time (RFC 9113, section 6.5.2). */
const MULTIPLEXED: SeatCount = { all: 32, small: 8 };

/**
 * The longest wait for a seat. It is much longer than a body takes. A phone puts a tab in the background to sleep, which
 * keeps its seats then.
 */
const PATIENCE_MS = 60_000;

/** The things that {@linkcode Seats} work with. */
export interface SeatsOptions {
  /** The locks that the tabs of a browser share. Without them each tab has seats of its own. */
  locks?: Locks | undefined;
  /** The origin of the server. */
  origin: string;
  /** The protocol by which the server is reached, as ALPN names it; `undefined` when it is not known. */
  protocol?: () => string | undefined;
  /** How many seats there are, for a program that opens as many connections as it likes. Default: what browsers bear. */
  count?: SeatCount | undefined;
  /** The clock for every wait. Default: the machine's own. */
  clock?: Clock | undefined;
}

/**
 * The places for bodies on their way to one server, which all tabs of a browser share. A tab that dies frees its seats.
 * So a few large files leave connections to everything else, and a small file never waits for a large one.
 */
export class Seats {
  readonly #origin: string;
  readonly #protocol: () => string | undefined;
  readonly #count: SeatCount | undefined;
  readonly #clock: Clock;
  #locks: Locks;
  /** The seats that are taken here, which nobody has to ask for. */
  readonly #taken = new Set<string>();

  /** Asks for nothing yet. */
  constructor(
    { locks = new LocalLocks(), origin, protocol = () => undefined, count, clock = systemClock }: SeatsOptions,
  ) {
    this.#count = count;
    this.#clock = clock;
    this.#locks = locks;
    this.#origin = origin;
    this.#protocol = protocol;
  }

  /**
   * Runs `work` on a seat, as soon as one is free; after a minute without one. Gives `undefined` when `signal` aborts
   * before that. Settles as `work` does.
   */
  async run<Result>(
    { isSmall, signal }: { isSmall: boolean; signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const release = await this.#take(this.#names(isSmall), signal);
    if (release === undefined) return undefined;
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Lists the seats that a file may take, the ones for small files first. */
  #names(isSmall: boolean): string[] {
    const { all, small } = this.#count ?? (/^h[23]/.test(this.#protocol() ?? "") ? MULTIPLEXED : OVER_HTTP_1);
    const count = isSmall ? all : all - small;
    return Array.from(
      { length: count },
      (_, index) => `pawl seat ${isSmall ? all - 1 - index : index} ${this.#origin}`,
    );
  }

  async #take(names: readonly string[], signal: AbortSignal): Promise<(() => void) | undefined> {
    for (const name of names) {
      if (signal.aborted) return undefined;
      if (this.#taken.has(name)) continue;
      const release = await this.#first([name], { ifAvailable: true });
      if (release !== undefined) return release;
    }
    return await during(signal, (signal) => this.#firstInTime(names, signal));
  }

  /** Takes the first of these seats that is given. After a long time there is nothing to free. */
  async #firstInTime(names: readonly string[], signal: AbortSignal): Promise<(() => void) | undefined> {
    const first = this.#first(names, { signal });
    const isLate = this.#clock.wait(PATIENCE_MS, signal).then(() => !signal.aborted);
    if (await Promise.race([first.then(() => false), isLate]) === false) return await first;
    // It may be given in this very moment.
    first.then((release) => release?.());
    return () => {};
  }

  /** Takes the first of these seats that is given; `undefined` when none is. The result frees the seat. */
  #first(names: readonly string[], options: LockOptions): Promise<(() => void) | undefined> {
    const { promise, resolve } = deferred<(() => void) | undefined>();
    let isOver = false;
    const hold = (name: string) => {
      isOver = true;
      this.#taken.add(name);
      return new Promise<void>((free) =>
        resolve(() => {
          this.#taken.delete(name);
          free();
        })
      );
    };
    const { signal } = options;
    signal?.addEventListener("abort", () => resolve(undefined));
    // It may have aborted while the seats were tried one by one. No event comes then.
    if (signal?.aborted) resolve(undefined);
    const asked = names.map((name) =>
      this.#locks.request(name, options, (lock) => lock === null || isOver || signal?.aborted ? undefined : hold(name))
    );
    Promise.all(asked).then(() => resolve(undefined), () => {
      if (isOver || signal?.aborted) return;
      // A frame in a sandbox has locks that it may not use.
      this.#locks = new LocalLocks();
      resolve(this.#first(names, options));
    });
    return promise;
  }
}

/** Gives the protocol by which resources of `origin` came to this page, as the browser tells it (Resource Timing). */
export function protocolOf(origin: string): string | undefined {
  const entries: Partial<PerformanceResourceTiming>[] = performance.getEntries();
  const known = entries.filter(({ name, nextHopProtocol }) => name!.startsWith(`${origin}/`) && nextHopProtocol);
  return known.at(-1)?.nextHopProtocol;
}

/** Makes the seats for the server of an `endpoint`; an empty one is the server that the page came from. */
export function seatsFor(endpoint: string, locks: Locks | undefined): Seats {
  const origin = originOf(endpoint);
  return new Seats({ locks, origin, protocol: () => protocolOf(origin) });
}
