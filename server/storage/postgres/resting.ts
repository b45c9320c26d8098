import type { WritersOfInstance } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import type { Held, HeldLease } from "./held.ts";
import { UNSYNCED } from "./unsynced.ts";

/** How long a lease rests, in milliseconds: a client's next request comes after its answer has gone there. */
const REST_MS = 2000;
/** The most leases that rest. */
const MAX_RESTING = 256;
/** From so many writers of this instance one after the other on, the lease of an upload rests. */
const LEAST_RUN = 3;
/** The number doubles each time that a lease has rested in vain, up to this: to let go in a call of its own costs more. */
const GREATEST_RUN = 64;
/** The most uploads of which the last writers of this instance are remembered. */
const MAX_KNOWN = 1024;

interface Known {
  /** The token of the last writer of this instance. */
  readonly token: string;
  /** How many writers of this instance there were one after the other, since the lease has rested in vain. */
  readonly run: number;
  /** How many there have to be for the lease to rest. */
  readonly wanted: number;
}

/**
 * The leases of this instance that rest. When one writer after the other was of this instance, the next one probably is:
 * the upload's row keeps the token, and who appends where the last one ended goes on by the same lease, without a call
 * of the database. To everybody else the upload is free: another instance asks this one for it, as it asks a writer.
 * When the row has got another token meanwhile, commits by the old one throw `taken-over`, as those of any lease do.
 */
export class Resting implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #held: Held;
  readonly #restMs: number;
  /** The timers of what rests. */
  readonly #timers = new Map<HeldLease, ReturnType<typeof setTimeout>>();
  /** The last writers of this instance, by their uploads, the latest at the end. */
  readonly #known = new Map<string, Known>();
  /** The calls that let go of leases at this moment. */
  readonly #going = new Set<Promise<void>>();
  #isEnded = false;

  constructor(connection: Connection, held: Held, restMs = REST_MS) {
    this.#connection = connection;
    this.#held = held;
    this.#restMs = restMs;
  }

  /** How many writers of this instance wrote to an upload one after the other, the last of them by this token. */
  runUntil(id: string, token: string | null): number {
    const known = this.#known.get(id);
    return known !== undefined && known.token === token ? known.run : 0;
  }

  /** Takes note of a writer that lets go. True when its lease is to rest. */
  noteWriter({ id, token, run, hasNewParts }: HeldLease): boolean {
    const wanted = this.#known.get(id)?.wanted ?? LEAST_RUN;
    this.#known.delete(id);
    this.#known.set(id, { token, run: run + 1, wanted });
    for (const first of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(first);
    }
    return run + 1 >= wanted && !hasNewParts && this.#timers.size < MAX_RESTING && !this.#isEnded;
  }

  /** Lets a lease rest, or lets go of it when the instance has ended, or too many rest by now. */
  async rest(lease: HeldLease): Promise<void> {
    this.#held.rest(lease);
    if (this.#isEnded || this.#timers.size >= MAX_RESTING) return await this.end(lease.id);
    this.#timers.set(lease, setTimeout(() => this.end(lease.id), this.#restMs));
  }

  /** Takes out an upload's lease that rests. Its row has the token still, unless somebody has taken it away. */
  take(id: string): HeldLease | undefined {
    const lease = this.#held.takeResting(id);
    if (lease === undefined) return undefined;
    clearTimeout(this.#timers.get(lease));
    this.#timers.delete(lease);
    return lease;
  }

  /** Lets go of an upload whose lease rests. Resolves when that is done, or has failed: who wants it then asks for it. */
  async end(id: string): Promise<void> {
    const lease = this.take(id);
    if (lease === undefined) return;
    const known = this.#known.get(id);
    if (known !== undefined) {
      this.#known.set(id, { ...known, run: 0, wanted: Math.min(2 * known.wanted, GREATEST_RUN) });
    }
    const going = this.#letGo([lease]).finally(() => this.#going.delete(going));
    this.#going.add(going);
    await going;
  }

  /** The writers of this instance, as others ask for them: they get what rests when no request has it. */
  served(writers: WritersOfInstance): WritersOfInstance {
    return {
      stop: async (id) => {
        await writers.stop(id);
        await this.end(id);
      },
      settle: async (id) => {
        await writers.settle(id);
        // The client asks another instance how far its upload is: it sends on there, and that one need not ask then.
        await this.end(id);
      },
      follow: async (id, offset) => {
        const mayFollow = await writers.follow(id, offset);
        if (mayFollow) await this.end(id);
        return mayFollow;
      },
      holds: (id) => writers.holds(id),
    };
  }

  async #letGo(leases: readonly HeldLease[]): Promise<void> {
    try {
      await this.#connection.query(
        `SELECT change_bytes(l->>0, l->>1, '[]'::jsonb, true), ${UNSYNCED} FROM json_array_elements($1::text::json) l`,
        [JSON.stringify(leases.map(({ id, token }) => [id, token]))],
      );
    } catch {
      // The row keeps the token. Another instance that wants the upload asks this one, or finds it silent.
    }
  }

  /** Lets go of all that rests, and waits for what is let go of already. What would rest later is let go of at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    const leases = [...this.#timers.keys()];
    for (const { id } of leases) this.take(id);
    await Promise.all([...this.#going, ...leases.length > 0 ? [this.#letGo(leases)] : []]);
  }
}
