import type { Broadcast } from "../storage/shared/broadcast.ts";
import type { Neighbours } from "./admission.ts";

/** How often an instance tells the others, in milliseconds. */
const TELL_EVERY_MS = 1000;

/** For how long what an instance told is taken for true, in milliseconds: it may be gone. */
const TRUE_FOR_MS = 3 * TELL_EVERY_MS;

/** The most addresses that one message tells of: a message may have 7000 bytes. */
const MAX_TOLD = 100;

/** The most instances that are remembered: anybody with access to the database may pretend to be some. */
const MAX_INSTANCES = 100;

interface Told {
  readonly counts: ReadonlyMap<string, number>;
  readonly at: number;
}

export interface SharedNeighboursOptions {
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: () => number;
  readonly tellEveryMs?: number;
}

/**
 * The other instances, which tell each other once a second of the addresses that have many requests, the busiest first.
 * While there is no such address, nothing is sent.
 */
export class SharedNeighbours implements Neighbours, Disposable {
  readonly #broadcast: Broadcast;
  readonly #monotonic: () => number;
  readonly #told = new Map<string, Told>();
  #busy: () => readonly (readonly [address: string, count: number])[] = () => [];
  #hasTold = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(broadcast: Broadcast, { monotonic, tellEveryMs = TELL_EVERY_MS }: SharedNeighboursOptions) {
    this.#broadcast = broadcast;
    this.#monotonic = monotonic;
    broadcast.listen((text, from) => this.#hear(text, from));
    this.#timer = setInterval(() => this.tell(), tellEveryMs);
    Deno.unrefTimer(this.#timer);
  }

  countOf(address: string): number {
    let count = 0;
    const now = this.#monotonic();
    for (const { counts, at } of this.#told.values()) {
      if (now - at < TRUE_FOR_MS) count += counts.get(address) ?? 0;
    }
    return count;
  }

  serve(busy: () => readonly (readonly [address: string, count: number])[]): void {
    this.#busy = busy;
  }

  /** Tells the others now. Never throws: without the database they count without this instance. */
  async tell(): Promise<void> {
    const busy = this.#busy().toSorted(([, one], [, other]) => other - one).slice(0, MAX_TOLD);
    // That there are none any more is told once.
    if (busy.length === 0 && !this.#hasTold) return;
    this.#hasTold = busy.length > 0;
    await this.#broadcast.send(JSON.stringify(busy)).catch(() => {});
  }

  #hear(text: string, from: string): void {
    const counts = parse(text);
    if (counts === undefined) return;
    this.#told.delete(from);
    for (const [name, { at }] of this.#told) {
      if (this.#monotonic() - at >= TRUE_FOR_MS || this.#told.size >= MAX_INSTANCES) this.#told.delete(name);
    }
    this.#told.set(from, { counts, at: this.#monotonic() });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function parse(text: string): Map<string, number> | undefined {
  try {
    const counts: unknown = JSON.parse(text);
    const isCount = (each: unknown) =>
      Array.isArray(each) && typeof each[0] === "string" && Number.isSafeInteger(each[1]) && each[1] > 0;
    return Array.isArray(counts) && counts.every(isCount) ? new Map(counts) : undefined;
  } catch {
    return undefined;
  }
}
