import type { Place } from "./disk_file.ts";
import { sha256Of } from "./sha256_of.ts";

/** A question to the thread. */
export interface DigestRequest {
  readonly number: number;
  readonly place: Place;
}

/** The thread's answer to the question of that number. */
export type DigestAnswer =
  | { readonly number: number; readonly sha256: string }
  | { readonly number: number; readonly problem: string };

/** One part that the thread reads, or will read. */
interface Waiting {
  readonly place: Place;
  readonly resolve: (sha256: string | Promise<string>) => void;
  readonly reject: (reason: unknown) => void;
}

const MODULE = new URL("./digest_worker.ts", import.meta.url);

/**
 * Hashes parts of files on a thread of its own, one after the other, so that sending goes on meanwhile. The thread
 * begins with the first part. Where none can be had, the caller's own thread does the work.
 */
export class DigestThread implements Disposable {
  readonly #module: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #isBroken = false;
  #count = 0;

  /** Begins nothing yet. `module` is what the thread runs. */
  constructor(module: URL = MODULE) {
    this.#module = module;
  }

  /** Gives the SHA-256 of a part, in base64. Rejects when the file was changed, or when the thread is ended. */
  async sha256Of(place: Place): Promise<string> {
    const worker = this.#isBroken ? undefined : this.#worker ??= this.#begin();
    if (worker === undefined) return sha256Of(place);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const number = this.#count++;
    this.#waiting.set(number, { place, resolve, reject });
    worker.postMessage({ number, place } satisfies DigestRequest);
    return await promise;
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
        this.#doWithout();
      };
      return worker;
    } catch {
      this.#isBroken = true;
      return undefined;
    }
  }

  #take(answer: DigestAnswer): void {
    const asked = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ("sha256" in answer) asked?.resolve(answer.sha256);
    else asked?.reject(new Error(answer.problem));
  }

  /** Does here what the thread has not done. */
  #doWithout(): void {
    this.#isBroken = true;
    for (const { place, resolve } of this.#waiting.values()) resolve(this.sha256Of(place));
    this.#waiting.clear();
  }

  /** Ends the thread. What it has not done rejects. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error("The program has stopped sending"));
    this.#waiting.clear();
  }
}
