/** The folder of the client's modules. The page says where its own version is. */
const CLIENT = globalThis.document?.documentElement.dataset["client"] ?? "/client";
/** The longest time between two tries. */
const LONGEST_PAUSE_MS = 30_000;

/** Loads the parts of the page that come behind its first script. */
export class Modules {
  readonly #failed = new Map<string, number>();

  /** Loads a module of the client, such as "languages/en", together with all that it imports. Rejects if it cannot. */
  async load<Module>(name: string): Promise<Module> {
    // At this address the server puts the module and what it imports into one. A browser remembers the failure of a
    // module as long as the page lives. So the next try has another address.
    const tries = this.#failed.get(name) ?? 0;
    const address = `${CLIENT}/${name}.js`;
    try {
      return await import(tries === 0 ? address : `${address}?${tries}`);
    } catch (error) {
      this.#failed.set(name, tries + 1);
      throw error;
    }
  }

  /** Loads a module, however often it takes. `onFailure` is called after each try that fails. */
  async loadPatiently<Module>(name: string, onFailure: () => void): Promise<Module> {
    for (let pauseMs = 1000;; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.load<Module>(name);
      } catch {
        onFailure();
        await networkOrTime(pauseMs);
      }
    }
  }
}

/** Waits until the network is back, or that long. */
async function networkOrTime(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const timer = setTimeout(resolve, ms);
  addEventListener("online", resolve, { once: true });
  await promise;
  clearTimeout(timer);
  removeEventListener("online", resolve);
}
