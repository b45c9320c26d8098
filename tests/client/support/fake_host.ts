import type { Transport } from "../../../client/mod.ts";
import { untilStill } from "./turns.ts";
import { FakeServer, type FakeServerOptions } from "./fake_server.ts";

/** Many files on one server: each id has its own. Counts the requests, and how many are under way at once. */
export class FakeHost {
  /** By the file's name. */
  readonly files = new Map<string, FakeServer>();
  /** The names of the files in the order of their first requests. */
  readonly order: string[] = [];
  requests = 0;
  mostAtOnce = 0;
  atOnce = 0;
  /** Called at each request. */
  onRequest: () => void = () => {};
  #gate: Promise<void> | undefined;
  readonly #optionsOf: (name: string) => FakeServerOptions;
  readonly #byId = new Map<string, FakeServer>();

  constructor(optionsOf: (name: string) => FakeServerOptions = () => ({})) {
    this.#optionsOf = optionsOf;
  }

  readonly transport: Transport = async (request) => {
    this.requests++;
    this.onRequest();
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    try {
      if (this.#gate !== undefined) await Promise.race([this.#gate, aborted(request.signal)]);
      const id = request.headers["X-File-Id"];
      // A finished file is deleted by its address, which has no id.
      const server = id === undefined ? this.#serverAt(request.url) : this.#serverOf(id);
      return await server.transport(request);
    } finally {
      this.atOnce--;
    }
  };

  /** Holds every request back until the function that comes back is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve();
    };
  }

  /** Resolves when so many requests are under way, and it stays so for many turns of the event loop. */
  async untilAtOnce(count: number): Promise<void> {
    await untilStill(() => this.atOnce === count, `${count} requests are under way`);
  }

  #serverOf(id: string): FakeServer {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    // Ids that the client makes begin with the name and the size.
    const [name = "", size] = id.split("-");
    const server = new FakeServer(Number(size), { location: this.#nextLocation(), ...this.#optionsOf(name) });
    this.#byId.set(id, server);
    this.files.set(name, server);
    this.order.push(name);
    return server;
  }

  /** Each file has an address of its own; the first one has that of a server alone. */
  #nextLocation(): string {
    return `/files/${String(this.#byId.size || "").padStart(22, "A")}`;
  }

  #serverAt(url: string): FakeServer {
    return [...this.#byId.values()].find(({ location }) => url.endsWith(location))!;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
