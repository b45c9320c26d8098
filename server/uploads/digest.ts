import { createHash, type Hash, timingSafeEqual } from "node:crypto";

/** The digest algorithms of RFC 9530 that Pawl checks, with the names that `node:crypto` has for them. */
export const DIGEST_ALGORITHMS = { "sha-256": "sha256", "sha-512": "sha512" } as const;

export type DigestAlgorithm = keyof typeof DIGEST_ALGORITHMS;

/** A digest that a client gave for some bytes. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly value: Uint8Array;
}

/** Checks bytes, as they pass, against the digests that a client gave for them. */
export class DigestCheck {
  readonly #hashes: readonly { expected: Digest; hash: Hash }[];
  #bytes = 0;

  constructor(digests: readonly Digest[]) {
    this.#hashes = digests.map((expected) => ({ expected, hash: createHash(DIGEST_ALGORITHMS[expected.algorithm]) }));
  }

  /** How many bytes have passed. */
  get bytes(): number {
    return this.#bytes;
  }

  update(chunk: Uint8Array): void {
    for (const { hash } of this.#hashes) hash.update(chunk);
    this.#bytes += chunk.length;
  }

  /** The first digest that the bytes do not have, or `undefined` when they have all of them. Ends the check. */
  mismatch(): Digest | undefined {
    return this.#hashes.find(({ expected, hash }) => {
      const actual = hash.digest();
      return actual.length !== expected.value.length || !timingSafeEqual(actual, expected.value);
    })?.expected;
  }
}
