/** The length in bytes of the largest blocks that bytes wait in, and of the first one. */
const BLOCK = 1024 * 1024;
const FIRST_BLOCK = 64 * 1024;
/** The most unused blocks that are kept. */
const MAX_FREE = 32;

/** From so many bytes in memory on, an upload that has many of them puts its own into an object before it goes on. */
const TIGHT = 192 * 1024 * 1024;

/** The memory in which bytes of all uploads wait until they are a part, or until the next flush. */
export class BlockPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #used = 0;

  /** True when all uploads together have so many bytes in memory that they have to write some away. */
  get isTight(): boolean {
    return this.#used > TIGHT;
  }

  take(size: number): Uint8Array<ArrayBuffer> {
    this.#used += size;
    // A block that was used before needs no clearing by the system.
    return size === BLOCK ? this.#free.pop() ?? new Uint8Array(size) : new Uint8Array(size);
  }

  /** Takes a block back. `mayBeSent` says that a broken connection may still hold it: it is not used again then. */
  give(block: Uint8Array<ArrayBuffer>, mayBeSent: boolean): void {
    this.#used -= block.length;
    if (block.length === BLOCK && !mayBeSent && this.#free.length < MAX_FREE) this.#free.push(block);
  }
}

interface Filled {
  readonly block: Uint8Array<ArrayBuffer>;
  length: number;
  isClosed: boolean;
}

/** Bytes in memory, in their order. */
export class HeldBytes {
  readonly #pool: BlockPool;
  readonly #filled: Filled[] = [];
  #length = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#length;
  }

  /** How much memory they take, in bytes. */
  get memory(): number {
    return this.#filled.reduce((sum, { block }) => sum + block.length, 0);
  }

  /** Copies bytes behind the others. */
  append(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      const last = this.#room();
      const piece = rest.subarray(0, last.block.length - last.length);
      last.block.set(piece, last.length);
      last.length += piece.length;
      this.#length += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  #room(): Filled {
    const last = this.#filled.at(-1);
    if (last !== undefined && !last.isClosed && last.length < last.block.length) return last;
    // Each block is as long as all before it, so that a slow upload takes twice the memory of its bytes at most.
    const size = Math.min(BLOCK, FIRST_BLOCK * 2 ** Math.max(0, this.#filled.length - 1));
    const next = { block: this.#pool.take(size), length: 0, isClosed: false };
    this.#filled.push(next);
    return next;
  }

  /** The bytes from `start` on. What is appended later does not change them. */
  from(start: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const { block, length } of this.#filled) {
      if (at + length > start) pieces.push(block.subarray(Math.max(0, start - at), length));
      at += length;
    }
    return pieces;
  }

  /** Lets the next bytes begin a block of their own, so that those before can leave alone. */
  closeBlock(): void {
    const last = this.#filled.at(-1);
    if (last !== undefined) last.isClosed = true;
  }

  /** Lets go of the first `count` bytes, or of as many as whole blocks have. Gives how many went. */
  dropFirst(count: number, mayBeSent: boolean): number {
    let dropped = 0;
    while (this.#filled.length > 0 && dropped + this.#filled[0]!.length <= count) {
      const { block, length } = this.#filled.shift()!;
      this.#pool.give(block, mayBeSent);
      dropped += length;
    }
    this.#length -= dropped;
    return dropped;
  }

  /** Keeps the first `length` bytes alone. */
  truncate(length: number): void {
    let rest = length;
    for (const filled of this.#filled) {
      // Bytes that are being sent must not be written over.
      if (filled.length > rest) filled.isClosed = true;
      filled.length = Math.min(filled.length, rest);
      rest -= filled.length;
    }
    while (this.#filled.at(-1)?.length === 0) this.#pool.give(this.#filled.pop()!.block, true);
    this.#length = Math.min(this.#length, length);
  }

  /** Takes all bytes out, into new hands. */
  takeAll(): HeldBytes {
    const all = new HeldBytes(this.#pool);
    all.#filled.push(...this.#filled.splice(0));
    all.#length = this.#length;
    this.#length = 0;
    return all;
  }
}
