// The thread of `DigestThread`: gets the places of parts, and answers each with its SHA-256.
import type { DigestAnswer, DigestRequest } from "./digest_thread.ts";
import { sha256Of } from "./sha256_of.ts";

/** The other side. The types of Deno's own program know of no thread that they stand in. */
const owner = globalThis as unknown as Pick<Worker, "postMessage">;

function answerTo({ number, place }: DigestRequest): DigestAnswer {
  try {
    return { number, sha256: sha256Of(place) };
  } catch (error) {
    return { number, problem: error instanceof Error ? error.message : String(error) };
  }
}

addEventListener("message", (event) => owner.postMessage(answerTo((event as MessageEvent<DigestRequest>).data)));
