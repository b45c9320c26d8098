import { UploadError } from "../errors.ts";
import type { StopReason } from "../receiving/receive.ts";

/** How long a request waits for a lock's holder, and how long a holder's client may be silent. Milliseconds. */
export interface Patience {
  readonly waitMs: number;
  readonly silenceMs: number;
}

/** How long a silent holder that was asked to stop may take until its last bytes are flushed. Milliseconds. */
const FLUSH_MS = 5000;

/** A lock that a request holds until it is disposed of. */
export interface Lease extends Disposable {
  /** Aborts, with a {@linkcode StopReason}, when the holder must let go soon. Bytes that came are flushed before. */
  readonly stop: AbortSignal;
  /** The holder reports that `bytes` more bytes came from its client. */
  arrived(bytes: number): void;
  /** Keeps the lock held after it is disposed of, until `work`, which never throws, is done. */
  holdUntil(work: Promise<void>): void;
}

/** How a request takes a lock. */
export interface LockRequest {
  /** The byte of the file at which the request will append; absent if it appends nothing. */
  readonly position?: number;
  /** The request's arrival, from {@linkcode Locks.arrive}; by default it counts as the latest. */
  readonly arrival?: number;
  /** A lease that the same request has already: it then gets this lock even while the server is ending. */
  readonly within?: Lease | undefined;
}

interface Holder {
  readonly arrival: number;
  /** Why the holder must let go; absent while it need not. */
  reason?: StopReason;
  /** When the holder was asked to let go. */
  stoppedAt?: number;
  /** Aborts with that reason. Made when it is asked for: most holders never look at it. */
  controller?: AbortController;
  readonly released: Promise<void>;
  /** The byte of the file at which the bytes that came so far end; `undefined` if the holder appends nothing. */
  position: number | undefined;
  heardAt: number;
  /** Called when bytes came. */
  readonly watchers: Set<() => void>;
}

/**
 * The locks of this process, each with one holder at a time (I3). The lock on an upload's id is the right to write to
 * it. The lock on a client's id ({@linkcode keyOfClient}) is the right to change which upload it means. A request that
 * takes a lock over asks the holder to stop, and gets the lock when the holder has let go. I6 gives the order of locks.
 */
export class Locks {
  /** By key: the holder of the lock, and behind it the requests that wait for it, in line. */
  readonly #lines = new Map<string, Holder[]>();
  readonly #takenOver: (waitMs: number) => void;
  #count = 0;
  #closed = false;

  /**
   * `takenOver` is called when a holder that appends bytes has let go for a later request, with the milliseconds since
   * it was asked to.
   */
  constructor(takenOver: (waitMs: number) => void = () => {}) {
    this.#takenOver = takenOver;
  }

  /** Numbers the request that arrives now. */
  arrive(): number {
    return ++this.#count;
  }

  /** True while a request holds the lock or waits for it. */
  isHeld(key: string): boolean {
    return this.#lines.has(key);
  }

  /** True while the last in line for the lock is a request that appends bytes. */
  isAppending(key: string): boolean {
    return this.#lines.get(key)?.at(-1)?.position !== undefined;
  }

  /**
   * True if a request that arrived at `arrival` and starts at `offset` may take the lock now: nobody holds it, or its
   * holder arrived earlier and that holder's bytes end at `offset`. A request never takes the lock from a later one.
   */
  isFree(key: string, offset?: number, arrival = Infinity): boolean {
    const holder = this.#lines.get(key)?.at(-1);
    return holder === undefined || offset !== undefined && holder.position === offset && holder.arrival < arrival;
  }

  /**
   * Takes the lock over from all requests that arrived before, and resolves when they have let go. Of several in line
   * the last one wins; the others get a lease that is stopped already. Throws `shutdown` when the server is ending.
   */
  async takeOver(key: string, { position, arrival = this.arrive(), within }: LockRequest = {}): Promise<Lease> {
    if (this.#closed && within === undefined) throw shuttingDown();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holder: Holder = {
      arrival,
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
    const letGo = () => {
      line.splice(line.indexOf(holder), 1);
      if (line.length === 0) this.#lines.delete(key);
      if (holder.reason === "taken-over" && holder.position !== undefined) {
        this.#takenOver(performance.now() - holder.stoppedAt!);
      }
      release();
    };
    return {
      get stop() {
        holder.controller ??= new AbortController();
        if (holder.reason !== undefined) holder.controller.abort(holder.reason);
        return holder.controller.signal;
      },
      arrived(bytes) {
        holder.heardAt = performance.now();
        if (holder.position !== undefined) holder.position += bytes;
        for (const wake of holder.watchers) wake();
      },
      holdUntil(more) {
        work = more;
      },
      [Symbol.dispose]() {
        if (work === undefined) letGo();
        else work.then(letGo);
      },
    };
  }

  /**
   * Waits until the lock is free (see `isFree`) for a request that arrived at `arrival` and starts at `offset`. An
   * earlier holder is asked to stop when its client has been silent for `silenceMs`. If it appends, it has a few seconds
   * then to flush: the upload's offset is not known before. Gives false when the lock is not free after `waitMs`, or
   * after the flush's time. A holder that still receives is left alone.
   */
  async untilFree(
    key: string,
    { waitMs, silenceMs }: Patience,
    { offset, arrival = Infinity }: { offset?: number; arrival?: number } = {},
  ): Promise<boolean> {
    const waitEnds = performance.now() + waitMs;
    let flushing: { readonly holder: Holder; readonly ends: number } | undefined;
    for (let line = this.#lines.get(key); line !== undefined; line = this.#lines.get(key)) {
      if (this.isFree(key, offset, arrival)) return true;
      const [first, last] = [line[0]!, line.at(-1)!];
      const now = performance.now();
      const silentAt = last.arrival < arrival ? Math.max(first.heardAt, last.heardAt) + silenceMs : Infinity;
      const isSilent = now >= silentAt;
      if (isSilent) {
        stopEarlier(line, arrival);
        const isFlushing = last.position !== undefined && flushing?.holder !== last;
        if (isFlushing) flushing = { holder: last, ends: now + FLUSH_MS };
      }
      const deadline = flushing?.holder === last ? Math.max(waitEnds, flushing.ends) : waitEnds;
      // On a busy machine this look may be late, so a silent holder is asked before the wait is given up.
      if (now >= deadline) return false;
      await change(last, (isSilent ? deadline : Math.min(deadline, silentAt)) - now);
    }
    return true;
  }

  /** Asks all that hold the lock or wait for it to stop. Resolves when they have let go. */
  async stop(key: string): Promise<void> {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    stopEarlier(line, Infinity);
    await line.at(-1)?.released;
  }

  /** Waits until nobody holds the lock, and asks no holder to stop. */
  async untilLetGo(key: string): Promise<void> {
    for (let line = this.#lines.get(key); line !== undefined; line = this.#lines.get(key)) await line.at(-1)?.released;
  }

  /** Asks all holders to stop, and refuses new requests. Resolves when nobody holds a lock. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#lines.size > 0) {
      const holders = [...this.#lines.values()].flat();
      for (const holder of holders) stop(holder, "shutdown");
      await Promise.all(holders.map((holder) => holder.released));
    }
  }
}

/** The key of the lock on a client's id. No upload's id has this form. */
export function keyOfClient({ owner, clientId }: { owner: string; clientId: string }): string {
  return JSON.stringify([owner, clientId]);
}

function stopEarlier(line: readonly Holder[], arrival: number): void {
  for (const holder of line) {
    if (holder.arrival < arrival) stop(holder, "taken-over");
  }
}

function stop(holder: Holder, reason: StopReason): void {
  if (holder.reason === undefined) {
    holder.reason = reason;
    holder.stoppedAt = performance.now();
  }
  holder.controller?.abort(holder.reason);
}

/** The refusal of a request while the server stops. */
export function shuttingDown(): UploadError {
  return new UploadError("shutdown", "The server is restarting: try again in a few seconds");
}

/** Resolves when the holder has let go, or got more bytes, or after `waitMs`. */
async function change(holder: Holder, waitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(1, waitMs));
  holder.watchers.add(resolve);
  await Promise.race([holder.released, promise]);
  holder.watchers.delete(resolve);
  clearTimeout(timer);
}
