import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

/** The digest algorithms of RFC 9530 that Pawl checks, with the names that `node:crypto` has for them. */
export const DIGEST_ALGORITHMS = { "sha-256": "sha256", "sha-512": "sha512" } as const;

/** How long their digests are, in bytes. */
export const DIGEST_BYTES = { "sha-256": 32, "sha-512": 64 } as const;

export type DigestAlgorithm = keyof typeof DIGEST_ALGORITHMS;

/** The algorithms of tus' checksums, by the names that tus 1.0.0 has for them. */
export const CHECKSUM_ALGORITHMS = ["sha1", "sha256", "sha512", "md5", "crc32"] as const;

export type ChecksumAlgorithm = typeof CHECKSUM_ALGORITHMS[number];

/** A digest that a client gave for some bytes. */
export interface Digest {
  readonly algorithm: DigestAlgorithm | ChecksumAlgorithm;
  readonly value: Uint8Array;
}

interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Checks bytes, as they pass, against the digests that a client gave for them. */
export class DigestCheck {
  readonly #hashes: readonly { expected: Digest; hash: Hash }[];
  #bytes = 0;

  constructor(digests: readonly Digest[]) {
    this.#hashes = digests.map((expected) => ({ expected, hash: hashOf(expected.algorithm) }));
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

function hashOf(algorithm: Digest["algorithm"]): Hash {
  if (algorithm === "crc32") return crc32Hash();
  return createHash(isDigestAlgorithm(algorithm) ? DIGEST_ALGORITHMS[algorithm] : algorithm);
}

/** True for an algorithm of RFC 9530 that Pawl checks. */
export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(DIGEST_ALGORITHMS, name);
}

/** Its four bytes come with the highest first, as in the other digests. */
function crc32Hash(): Hash {
  let value = 0;
  return {
    update: (bytes) => void (value = crc32(bytes, value)),
    digest() {
      const digest = new Uint8Array(4);
      new DataView(digest.buffer).setUint32(0, value);
      return digest;
    },
  };
}
