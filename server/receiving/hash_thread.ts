import { type Digest, type Hash, hashOf, type MakeHash } from "../model/digest.ts";

/** A message to the thread, about the hash of that number. It begins with the first message. */
export type HashRequest = {
  readonly number: number;
  readonly algorithm: Digest["algorithm"];
} & ({ readonly memory: ArrayBuffer; readonly length: number } | { readonly end: "tell" | "forget" });

/** A message of the thread: it is ready, gives memory back, or tells a hash. */
export type HashAnswer =
  | { readonly isReady: true }
  | { readonly memory: ArrayBuffer; readonly length: number }
  | { readonly number: number; readonly value: Uint8Array };

const MODULE = new URL("./hash_worker.ts", import.meta.url);

/** A shorter body is hashed in less time than it takes to tell another thread of it. */
const LEAST_BODY = 2 ** 20;
/** The bytes of a message. Few bytes at a time come from a slow client, which shall not take much memory. */
const MESSAGE_BYTES = { slow: 2 ** 16, fast: 2 ** 20 } as const;
/** The most bytes that the thread is told of before it has hashed them. */
const MOST_AHEAD = 8 * 2 ** 20;
/** How many messages' memory is kept for later ones. */
const MOST_SPARE = 8;

interface Told {
  readonly resolve: (value: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Hashes bodies on a thread of its own, so that the server's thread receives meanwhile. The thread begins with the first
 * body that is worth it, and that body is still hashed here. Where no thread can be had, all are.
 */
export class HashThread implements Disposable {
  readonly #module: URL;
  readonly #isWorthIt: boolean;
  #worker: Worker | undefined;
  #isReady = false;
  #isBroken = false;
  #count = 0;
  readonly #told = new Map<number, Told>();
  /** Memory that the thread has given back. */
  readonly #spare: ArrayBuffer[] = [];
  #ahead = 0;
  #waiting: PromiseWithResolvers<void>[] = [];

  /** Begins nothing yet. `module` is what the thread runs. With one of `processors` there is nothing to gain by it. */
  constructor({ module = MODULE, processors = navigator.hardwareConcurrency } = {}) {
    this.#module = module;
    this.#isWorthIt = processors > 1;
  }

  /** Gives what makes the hashes for a body of so many bytes, `undefined` if nobody knows how many. */
  hashesFor(bytes: number | undefined): MakeHash {
    if (!this.#isWorthIt || bytes === undefined || bytes < LEAST_BODY) return hashOf;
    return (algorithm) => {
      if (!this.#isBroken) this.#worker ??= this.#begin();
      return this.isReady ? this.#hash(algorithm) : hashOf(algorithm);
    };
  }

  /** True when bodies are hashed by the thread from now on. */
  get isReady(): boolean {
    return this.#isReady && !this.#isBroken;
  }

  #hash(algorithm: Digest["algorithm"]): Hash {
    const head = { number: this.#count++, algorithm };
    const post = (message: HashRequest, transfer: ArrayBuffer[] = []) => this.#worker?.postMessage(message, transfer);
    let memory = new ArrayBuffer(0);
    let filled = 0;
    let isOver = false;

    const send = (): void => {
      if (filled === 0) return;
      this.#ahead += filled;
      post({ ...head, memory, length: filled }, [memory]);
      memory = new ArrayBuffer(0);
      filled = 0;
    };
    return {
      update: (bytes) => {
        for (let at = 0; at < bytes.length;) {
          if (filled === 0) memory = this.#memoryFor(bytes.length - at);
          const part = bytes.subarray(at, at + memory.byteLength - filled);
          new Uint8Array(memory, filled).set(part);
          filled += part.length;
          at += part.length;
          if (filled === memory.byteLength) send();
        }
        return this.#untilNear();
      },
      digest: async () => {
        isOver = true;
        if (this.#isBroken) throw broken();
        send();
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
        this.#told.set(head.number, { resolve, reject });
        post({ ...head, end: "tell" });
        return await promise;
      },
      [Symbol.dispose]: () => {
        if (!isOver) post({ ...head, end: "forget" });
        isOver = true;
      },
    };
  }

  #memoryFor(bytes: number): ArrayBuffer {
    const size = bytes < MESSAGE_BYTES.fast / 2 ? MESSAGE_BYTES.slow : MESSAGE_BYTES.fast;
    return size === MESSAGE_BYTES.fast && this.#spare.pop() || new ArrayBuffer(size);
  }

  /** Resolves when the thread has hashed most of what it was told; `undefined` when it has. Rejects when it is broken. */
  #untilNear(): Promise<void> | undefined {
    if (this.#isBroken) return Promise.reject(broken());
    if (this.#ahead <= MOST_AHEAD) return undefined;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  #begin(): Worker | undefined {
    try {
      // A thread reads its own module by the permissions of the program.
      const { state } = Deno.permissions.querySync({ name: "read", path: this.#module });
      if (state !== "granted") throw new Error("The module of the thread may not be read");
      const worker = new Worker(this.#module, { type: "module" });
      worker.onmessage = ({ data }) => this.#take(data);
      worker.onerror = (event) => {
        // Otherwise the error would end the program.
        event.preventDefault();
        this.#end();
      };
      return worker;
    } catch {
      this.#isBroken = true;
      return undefined;
    }
  }

  #take(answer: HashAnswer): void {
    if ("isReady" in answer) {
      this.#isReady = true;
    } else if ("memory" in answer) {
      this.#ahead -= answer.length;
      const isSpare = answer.memory.byteLength === MESSAGE_BYTES.fast && this.#spare.length < MOST_SPARE;
      if (isSpare) this.#spare.push(answer.memory);
      if (this.#ahead > MOST_AHEAD) return;
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    } else {
      this.#told.get(answer.number)?.resolve(answer.value);
      this.#told.delete(answer.number);
    }
  }

  #end(): void {
    this.#isBroken = true;
    this.#worker?.terminate();
    for (const { reject } of [...this.#told.values(), ...this.#waiting]) reject(broken());
    this.#told.clear();
    this.#waiting = [];
    this.#spare.length = 0;
  }

  /** Ends the thread. Hashes that it has not told reject. */
  [Symbol.dispose](): void {
    this.#end();
  }
}

function broken(): Error {
  return new Error("The thread that hashes has ended");
}
