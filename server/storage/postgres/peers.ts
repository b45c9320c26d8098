import type { WritersOfInstance } from "../shared/leases.ts";
import type { Connection } from "./connection.ts";
import { UNSYNCED } from "./unsynced.ts";

/** The questions that an instance can ask another one about an upload. */
export type Wish = "stop" | "settle" | "follow" | "hold";

/** How an instance ended that was asked: it has done it or refused, has said nothing for too long, or takes too long. */
export type Outcome = "done" | "refused" | "silent" | "slow";

export interface PeersOptions {
  /** The id of this instance. */
  readonly own: string;
  /** After so long without a word an instance counts as dead, stopped or cut off. Milliseconds. */
  readonly silenceMs: number;
  /** How long an instance that is heard may take. Milliseconds. */
  readonly patienceMs: number;
}

/** The answers of an instance that is asked. */
type Word = "busy" | "done" | "refused";

interface Message {
  readonly kind: Wish | Word;
  readonly upload: string;
  readonly from: string;
  /** The byte of the upload at which a body starts that is to follow. */
  readonly offset?: number | undefined;
  /** In an answer: the question. */
  readonly about?: Wish;
}

interface Asked {
  readonly heard: (word: Word) => void;
}

/**
 * The other instances, by messages through the database: each listens on a channel of its own. An instance that is asked
 * says "busy" at once, and again and again until it says "done".
 */
export class Peers {
  readonly #connection: Connection;
  readonly #options: PeersOptions;
  /** The writers of this instance. None can be asked before they are served. */
  #writers: WritersOfInstance = {
    stop: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    follow: () => Promise.resolve(true),
    holds: () => false,
  };
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

  /** Asks an instance about an upload, and waits for it. Only `follow` has an `offset`. Throws `no-database`. */
  async ask(instance: string, kind: Wish, upload: string, offset?: number): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const timeSilence = () => {
      clearTimeout(silence);
      silence = setTimeout(() => resolve("silent"), this.#options.silenceMs);
    };
    const slow = setTimeout(() => resolve("slow"), this.#options.patienceMs);
    const key = keyOf(instance, { kind, upload, offset });
    const asked: Asked = {
      heard(word) {
        if (word === "busy") timeSilence();
        else resolve(word);
      },
    };
    this.#asked.set(key, (this.#asked.get(key) ?? new Set()).add(asked));
    try {
      await this.#send(instance, { kind, upload, offset, from: this.#options.own });
      // Nobody can be silent as long as the database has not taken the question.
      timeSilence();
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
    const { kind, upload, from, about, offset } = message;
    if (kind === "stop" || kind === "settle" || kind === "follow" || kind === "hold") {
      return void this.#answer(from, { kind, upload, offset });
    }
    if (about === undefined) return;
    for (const { heard } of this.#asked.get(keyOf(from, { kind: about, upload, offset })) ?? []) heard(kind);
  }

  async #answer(to: string, question: Question): Promise<void> {
    const { kind: about, upload, offset } = question;
    const say = (kind: Word) =>
      // Without the database nothing reaches the other instance. It takes the upload after a while.
      this.#send(to, { kind, upload, offset, from: this.#options.own, about }).catch(() => {});
    // One word may be late: three come within the time after which silence counts.
    const timer = setInterval(() => say("busy"), this.#options.silenceMs / 3);
    // Nobody waits for the answer any longer.
    const enough = setTimeout(() => clearInterval(timer), this.#options.patienceMs);
    let isRefused = false;
    try {
      const work = this.#do(question);
      say("busy");
      isRefused = await work === false;
    } finally {
      clearInterval(timer);
      clearTimeout(enough);
    }
    await say(isRefused ? "refused" : "done");
  }

  #do({ kind, upload, offset = 0 }: Question): Promise<boolean | void> {
    if (kind === "follow") return this.#writers.follow(upload, offset);
    // Whoever asks may have the upload if no request holds it.
    if (kind === "hold") return Promise.resolve(!this.#writers.holds(upload));
    return kind === "stop" ? this.#writers.stop(upload) : this.#writers.settle(upload);
  }

  async #send(instance: string, message: Message): Promise<void> {
    // A crash may lose a message, so nobody waits for the database's disk, which may take as long as silence does.
    await this.#connection.query(`SELECT pg_notify($1, $2), ${UNSYNCED}`, [
      channelOf(instance),
      JSON.stringify(message),
    ]);
  }
}

type Question = Pick<Message, "upload" | "offset"> & { readonly kind: Wish };

function keyOf(instance: string, { kind, upload, offset }: Question): string {
  return `${instance} ${kind} ${offset ?? ""} ${upload}`;
}

function channelOf(instance: string): string {
  return `pawl ${instance}`;
}

const KINDS = ["stop", "settle", "follow", "hold", "busy", "done", "refused"];

/** Reads a message; `undefined` for what no instance sends: anybody with access to the database may notify. */
function parse(text: string): Message | undefined {
  try {
    const message = JSON.parse(text);
    const isOne = KINDS.includes(message?.kind) && typeof message.upload === "string" &&
      typeof message.from === "string" && ["number", "undefined"].includes(typeof message.offset);
    return isOne ? message : undefined;
  } catch {
    return undefined;
  }
}
