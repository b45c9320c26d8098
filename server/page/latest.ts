/** Keeps the values that were asked for last. */
export class Latest<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  /** Keeps at most `most` values. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Gives the value of a key: the kept one, or else the one that `make` makes. */
  get(key: string, make: () => Value): Value {
    const value = this.#values.get(key) ?? make();
    // The newest comes last.
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most) this.#values.delete(oldest!);
    return value;
  }
}
