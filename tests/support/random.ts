/** Random numbers that are the same for the same seed (mulberry32). */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed | 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** A whole number, both bounds included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.integer(0, choices.length - 1)] ?? choices[0];
  }

  /** A generator of its own: what it gives does not depend on how often this one is asked afterwards. */
  fork(): Random {
    return new Random(this.integer(0, 2 ** 32 - 1));
  }
}

/** The seed of this run: `PAWL_SEED`, to repeat an earlier one, or a new one. */
export function seedOfRun(): number {
  const given = Deno.env.get("PAWL_SEED");
  if (given === undefined || given === "") return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  if (!/^\d{1,10}$/.test(given)) throw new Error(`PAWL_SEED cannot be "${given}": give a whole number`);
  return Number(given);
}

/** Runs `work`; what it throws says with which seed it can be repeated, and what `detail` knows. */
export async function withSeed<T>(seed: number, work: () => Promise<T>, detail: () => string): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`With PAWL_SEED=${seed}: ${message}\n${detail()}`, { cause });
  }
}
