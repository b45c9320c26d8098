import type { BlockPool, HeldBytes } from "./memory.ts";

/** The most memory that tails of closed uploads take, in bytes. */
const MAX_KEPT = 32 * 1024 * 1024;

/** The last bytes of an upload, behind its full parts or behind a part of those bytes. They lie in small objects too. */
export interface Tail {
  /** The token of the writer that committed these bytes. */
  readonly token: string;
  /** The bytes of the upload at which they begin and end. */
  readonly start: number;
  readonly end: number;
  readonly held: HeldBytes;
}

/**
 * The tails of the uploads that were closed lately. The next writer of the same instance needs not read them from the bucket
 * when they become a part. Those that were kept first go first when there are too many.
 */
export class Tails {
  readonly #pool: BlockPool;
  readonly #tails = new Map<string, Tail>();
  #memory = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Keeps an upload's tail, or lets go of its bytes if memory is short. */
  keep(id: string, tail: Tail): void {
    this.drop(id);
    this.#tails.set(id, tail);
    this.#memory += tail.held.memory;
    for (const first of this.#tails.keys()) {
      if (this.#memory <= MAX_KEPT && !this.#pool.isTight) return;
      this.drop(first);
    }
  }

  /** Takes an upload's tail out, if it is the one that this writer committed, and ends where the upload does. */
  take(id: string, { token, end }: { readonly token: string | undefined; readonly end: number }): Tail | undefined {
    const tail = this.#tails.get(id);
    if (tail === undefined) return undefined;
    if (tail.token !== token || tail.end !== end) return this.drop(id);
    this.#forget(id, tail);
    return tail;
  }

  /** Lets go of an upload's tail. */
  drop(id: string): undefined {
    const tail = this.#tails.get(id);
    if (tail === undefined) return;
    this.#forget(id, tail);
    tail.held.truncate(0);
  }

  #forget(id: string, tail: Tail): void {
    this.#tails.delete(id);
    this.#memory -= tail.held.memory;
  }
}
