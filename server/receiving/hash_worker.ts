// The thread of `HashThread`: gets the bytes of bodies, gives their memory back, and tells their hashes.
import { type Hash, hashOf } from "../model/digest.ts";
import type { HashAnswer, HashRequest } from "./hash_thread.ts";

/** The other side. The types of Deno's own program know of no thread that they stand in. */
const owner = globalThis as unknown as Pick<Worker, "postMessage">;

const hashes = new Map<number, Hash>();

async function take(request: HashRequest): Promise<void> {
  const { number, algorithm } = request;
  const hash = hashes.get(number) ?? hashOf(algorithm);
  if ("memory" in request) {
    const { memory, length } = request;
    hash.update(new Uint8Array(memory, 0, length));
    hashes.set(number, hash);
    owner.postMessage({ memory, length } satisfies HashAnswer, [memory]);
    return;
  }
  hashes.delete(number);
  if (request.end === "tell") owner.postMessage({ number, value: await hash.digest() } satisfies HashAnswer);
}

addEventListener("message", (event) => void take((event as MessageEvent<HashRequest>).data));
owner.postMessage({ isReady: true } satisfies HashAnswer);
