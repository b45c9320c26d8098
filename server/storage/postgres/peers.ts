import type { WritersOfInstance } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";

/** The questions that an instance can ask another one about an upload. */
export type Wish = "stop" | "settle";

/** How an instance ended that was asked: it has done it, has said nothing for too long, or takes too long. */
export type Outcome = "done" | "silent" | "slow";

export interface PeersOptions {
  /** The id of this instance. */
  readonly own: string;
  /** After so long without a word an instance counts as dead, stopped or cut off. Milliseconds. */
  readonly silenceMs: number;
  /** How long an instance that is heard may take. Milliseconds. */
  readonly patienceMs: number;
}

interface Message {
  readonly kind: Wish | "busy" | "done";
  readonly upload: string;
  readonly from: string;
}

interface Asked {
  readonly heard: (kind: "busy" | "done") => void;
}

/**
 * The other instances, by messages through the database: each listens on a channel of its own. An instance that is asked
 * says "busy" at once, and again and again until it says "done".
 */
export class Peers {
  readonly #connection: Connection;
  readonly #options: PeersOptions;
  /** The writers of this instance. None can be asked before they are served. */
  #writers: WritersOfInstance = { stop: () => Promise.resolve(), settle: () => Promise.resolve() };
  readonly #asked = new Map<string, Set<Asked>>();
  readonly #listening: Promise<void>;

  constructor(connection: Connection, options: PeersOptions) {
    this.#connection = connection;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listening = promise;
    connection.listen(channelOf(options.own), (text) => this.#hear(text), resolve);
  }

  /** Resolves when this instance hears others for the first time. */
  get listening(): Promise<void> {
    return this.#listening;
  }

  serve(writers: WritersOfInstance): void {
    this.#writers = writers;
  }

  /** Asks an instance about an upload, and waits for it. Throws `no-database`. */
  async ask(instance: string, kind: Wish, upload: string): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const silent = () => setTimeout(() => resolve("silent"), this.#options.silenceMs);
    let silence = silent();
    const slow = setTimeout(() => resolve("slow"), this.#options.patienceMs);
    const key = `${instance} ${kind} ${upload}`;
    const asked: Asked = {
      heard(kind) {
        clearTimeout(silence);
        if (kind === "done") resolve("done");
        else silence = silent();
      },
    };
    this.#asked.set(key, (this.#asked.get(key) ?? new Set()).add(asked));
    try {
      await this.#send(instance, { kind, upload, from: this.#options.own });
      return await promise;
    } finally {
      clearTimeout(silence);
      clearTimeout(slow);
      this.#asked.get(key)?.delete(asked);
      if (this.#asked.get(key)?.size === 0) this.#asked.delete(key);
    }
  }

  #hear(text: string): void {
    const message = parse(text);
    if (message === undefined) return;
    const { kind, upload, from, about } = message;
    if (kind === "stop" || kind === "settle") return void this.#answer(from, kind, upload);
    for (const { heard } of this.#asked.get(`${from} ${about} ${upload}`) ?? []) heard(kind);
  }

  async #answer(to: string, about: Wish, upload: string): Promise<void> {
    const say = (kind: "busy" | "done") =>
      // Without the database nothing reaches the other instance. It takes the upload after a while.
      this.#send(to, { kind, upload, from: this.#options.own, about }).catch(() => {});
    // One word may be late: three come within the time after which silence counts.
    const timer = setInterval(() => say("busy"), this.#options.silenceMs / 3);
    try {
      const work = about === "stop" ? this.#writers.stop(upload) : this.#writers.settle(upload);
      say("busy");
      await work;
    } finally {
      clearInterval(timer);
    }
    await say("done");
  }

  async #send(instance: string, message: Message & { about?: Wish }): Promise<void> {
    await this.#connection.query("SELECT pg_notify($1, $2)", [channelOf(instance), JSON.stringify(message)]);
  }
}

function channelOf(instance: string): string {
  return `pawl ${instance}`;
}

/** Reads a message; `undefined` for what no instance sends: anybody with access to the database may notify. */
function parse(text: string): Message & { about?: Wish } | undefined {
  try {
    const message = JSON.parse(text);
    const isOne = ["stop", "settle", "busy", "done"].includes(message?.kind) && typeof message.upload === "string" &&
      typeof message.from === "string";
    return isOne ? message : undefined;
  } catch {
    return undefined;
  }
}
