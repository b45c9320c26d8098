import type { Locks } from "../../../client/memory/locks.ts";

type Grant = (lock: Lock | null) => unknown;

/** The locks of one browser, for tabs that share it. */
export class FakeLocks implements Locks {
  readonly #held = new Set<string>();
  readonly #shared: string[] = [];
  readonly #waiting: { name: string; begin: () => void }[] = [];

  readonly request = async (name: string, ...rest: unknown[]): Promise<never> => {
    const grant = rest.at(-1) as Grant;
    const { ifAvailable, signal, mode } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
    await Promise.resolve();
    signal?.throwIfAborted();
    if (mode === "shared") return await this.#share(name, grant) as never;
    if (ifAvailable && (this.#held.has(name) || this.#shared.includes(name))) return await grant(null) as never;
    if (this.#held.has(name)) await this.#turn(name, signal);
    this.#held.add(name);
    try {
      return await grant({ name, mode: "exclusive" }) as never;
    } finally {
      this.#held.delete(name);
      const next = this.#waiting.findIndex((waiting) => waiting.name === name);
      if (next >= 0) this.#waiting.splice(next, 1)[0]!.begin();
    }
  };

  readonly query = (): Promise<LockManagerSnapshot> => {
    const held = [...this.#held, ...this.#shared];
    return Promise.resolve({ held: held.map((name) => ({ name, clientId: "tab", mode: "exclusive" })) });
  };

  /** Nothing here waits for a lock that is held by several, nor do those wait for others. */
  async #share(name: string, grant: Grant): Promise<unknown> {
    this.#shared.push(name);
    try {
      return await grant({ name, mode: "shared" });
    } finally {
      this.#shared.splice(this.#shared.indexOf(name), 1);
    }
  }

  /** Takes a lock as another tab does; resolves to the function that gives it back. */
  hold(name: string): Promise<() => void> {
    return new Promise((resolve) => {
      this.request(name, {}, () => new Promise<void>((release) => resolve(release)));
    });
  }

  get held(): readonly string[] {
    return [...this.#held];
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = { name, begin: resolve };
      this.#waiting.push(entry);
      signal?.addEventListener("abort", () => {
        const at = this.#waiting.indexOf(entry);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(signal.reason);
      });
    });
  }
}
