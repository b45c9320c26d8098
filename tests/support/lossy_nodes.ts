/** Which of the changes that were not flushed are on the disk when the power comes back. */
export interface Survivors {
  /** Of what was written: nothing, a half, all, or its length alone, with zeros for bytes. */
  readonly bytes: "none" | "half" | "all" | "zeros";
  /** Of the names: no change, all, only those that were added, or only those that were removed. */
  readonly names: "none" | "all" | "added" | "removed";
}

export const ALL_SURVIVORS: readonly Survivors[] = (["none", "half", "all", "zeros"] as const).flatMap((bytes) =>
  (["none", "all", "added", "removed"] as const).map((names) => ({ bytes, names }))
);

export type Node = FileNode | FolderNode;

type Bytes = Uint8Array<ArrayBuffer>;

const EMPTY: Bytes = new Uint8Array();

/** How many bytes of the memory behind contents are taken. */
const taken = new WeakMap<ArrayBuffer, number>();

/** A file: what is seen of it, and what its disk may hold. */
export class FileNode {
  readonly number: number;
  seen: Bytes = EMPTY;
  modifiedAt = 0;
  /** The process that has it locked. */
  lockedBy: unknown;
  /**
   * The contents that the disk may hold, the oldest first. The first one is flushed, and the last one was written last.
   */
  #held: Bytes[] = [EMPTY];

  constructor(number: number) {
    this.number = number;
  }

  /** The content that is surely on the disk. */
  get safe(): Bytes {
    return this.#held[0]!;
  }

  write(bytes: Uint8Array): void {
    const last = this.#held.at(-1)!;
    const written = joined(last, bytes);
    this.seen = this.seen === last ? written : joined(this.seen, bytes);
    this.#held.push(written);
  }

  cut(length: number): void {
    this.seen = resized(this.seen, length);
    this.#held.push(resized(this.#held.at(-1)!, length));
  }

  /** Begins a flush: it holds what was written until now. The flush happens when `done` is called. */
  flush(): { done(): void; fail(): void } {
    const held = this.#held.at(-1)!;
    return {
      done: () => {
        const at = this.#held.indexOf(held);
        if (at > 0) this.#held.splice(0, at);
      },
      // As Linux does it: what was to be flushed is dropped, still seen, and no later flush brings it to the disk.
      fail: () => {
        const kept = Math.min(...this.#held.map(({ length }) => length));
        this.#held = [this.safe, joined(this.safe.subarray(0, kept), new Uint8Array(this.seen.length - kept))];
      },
    };
  }

  afterLoss({ bytes }: Survivors): FileNode {
    const written = this.#held.at(-1)!;
    const kept = Math.min(...this.#held.map(({ length }) => length));
    const content = {
      none: () => this.safe,
      all: () => written,
      half: () => written.slice(0, kept + Math.ceil((written.length - kept) / 2)),
      zeros: () => joined(written.subarray(0, kept), new Uint8Array(written.length - kept)),
    }[bytes]();
    return this.#copy(content, [content]);
  }

  afterKill(): FileNode {
    return this.#copy(this.seen, [...this.#held]);
  }

  #copy(seen: Bytes, held: Bytes[]): FileNode {
    const copy = new FileNode(this.number);
    copy.seen = seen;
    copy.modifiedAt = this.modifiedAt;
    copy.#held = held;
    return copy;
  }

  /** All that tells it from another one. */
  describe(): unknown {
    return [this.seen.join(), this.#held.map((bytes) => bytes.join())];
  }
}

/** A folder: which names are seen in it, and which are on the disk for sure. */
export class FolderNode {
  readonly number: number;
  readonly seen: Map<string, number>;
  safe: ReadonlyMap<string, number>;

  constructor(number: number, seen = new Map<string, number>(), safe: ReadonlyMap<string, number> = new Map(seen)) {
    this.number = number;
    this.seen = seen;
    this.safe = safe;
  }

  /**
   * Begins a flush, like a file's. One that fails changes nothing, and the next may do: the file systems that let a
   * folder's flush fail stop altogether, or keep its changes.
   */
  flush(): { done(): void; fail(): void } {
    const held = new Map(this.seen);
    return { done: () => void (this.safe = held), fail: () => {} };
  }

  afterLoss({ names }: Survivors): FolderNode {
    const { seen, safe } = this;
    const kept = [...safe].filter(([name, number]) => seen.get(name) === number);
    const content = { none: safe, all: seen, added: [...safe, ...seen], removed: kept }[names];
    return new FolderNode(this.number, new Map(content));
  }

  afterKill(): FolderNode {
    return new FolderNode(this.number, new Map(this.seen), this.safe);
  }

  describe(): unknown {
    return [[...this.seen], [...this.safe]];
  }
}

/** The nodes as a machine that starts again finds them. */
export function afterLoss(nodes: ReadonlyMap<number, Node>, survivors: Survivors): Map<number, Node> {
  return new Map([...nodes].map(([number, node]) => [number, node.afterLoss(survivors)]));
}

/** The nodes as a process that starts again finds them. */
export function afterKill(nodes: ReadonlyMap<number, Node>): Map<number, Node> {
  return new Map([...nodes].map(([number, node]) => [number, node.afterKill()]));
}

/**
 * Both, one behind the other. The second one is written behind the first where there is free memory, so that a file that
 * grows is not copied at each write: nobody sees bytes behind the end of a content that is there already.
 */
function joined(first: Bytes, second: Uint8Array): Bytes {
  const length = first.length + second.length;
  const { buffer, byteOffset } = first;
  const isFree = taken.get(buffer) === first.length && byteOffset === 0 && length <= buffer.byteLength;
  const bytes = isFree ? new Uint8Array(buffer, 0, length) : new Uint8Array(new ArrayBuffer(2 * length), 0, length);
  if (!isFree) bytes.set(first);
  bytes.set(second, first.length);
  taken.set(bytes.buffer, length);
  return bytes;
}

function resized(bytes: Bytes, length: number): Bytes {
  return length <= bytes.length ? bytes.subarray(0, length) : joined(bytes, new Uint8Array(length - bytes.length));
}
