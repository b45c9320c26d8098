/**
 * The headers of a request that came over `node:http`. Most requests ask for a few of them, so they are gathered when
 * the first is asked for, and become a `Headers` only for what needs one. A header that came twice has both values,
 * joined as `Headers` joins them.
 */
export class NodeHeaders implements Headers {
  readonly #raw: readonly string[];
  #values: Map<string, string> | undefined;
  #whole: Headers | undefined;

  /** `raw` has names and values in turn, as `IncomingMessage.rawHeaders` has them. */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    return this.#whole === undefined ? this.#gathered().get(name.toLowerCase()) ?? null : this.#whole.get(name);
  }

  has(name: string): boolean {
    return this.#whole === undefined ? this.#gathered().has(name.toLowerCase()) : this.#whole.has(name);
  }

  append(name: string, value: string): void {
    this.#all().append(name, value);
  }

  delete(name: string): void {
    this.#all().delete(name);
  }

  set(name: string, value: string): void {
    this.#all().set(name, value);
  }

  getSetCookie(): string[] {
    return this.#all().getSetCookie();
  }

  forEach(callback: (value: string, key: string, parent: this) => void, thisArg?: unknown): void {
    this.#all().forEach((value, key) => callback.call(thisArg, value, key, this));
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#all().entries();
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#all().keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#all().values();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }

  #gathered(): Map<string, string> {
    if (this.#values !== undefined) return this.#values;
    const values = this.#values = new Map<string, string>();
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      const name = this.#raw[at]!.toLowerCase();
      const value = this.#raw[at + 1]!;
      const before = values.get(name);
      values.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`);
    }
    return values;
  }

  #all(): Headers {
    return this.#whole ??= new Headers([...this.#gathered()]);
  }
}
