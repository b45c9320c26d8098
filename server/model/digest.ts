import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

/** The digest algorithms of RFC 9530 that Pawl checks, each with its name in `node:crypto`. */
const DIGEST_ALGORITHMS = { "sha-256": "sha256", "sha-512": "sha512" } as const;

/**
 * The algorithm of Pawl's own by which its page checks large bodies: SHA-256 of the SHA-256 of each 512 KiB, in their
 * order. A browser hashes only what lies in memory as a whole.
 */
export const PARTS_ALGORITHM = "sha-256-512k";

/** The bytes of such a part. The last one may be shorter. */
const PART_BYTES = 512 * 1024;

/** The length of a digest, in bytes, by algorithm. */
export const DIGEST_BYTES = { "sha-256": 32, "sha-512": 64, [PARTS_ALGORITHM]: 32 } as const;

export type DigestAlgorithm = keyof typeof DIGEST_ALGORITHMS;

/** The checksum algorithms that Pawl checks, by their names in tus 1.0.0 (Checksum). */
export const CHECKSUM_ALGORITHMS = ["sha1", "sha256", "sha512", "md5", "crc32"] as const;

export type ChecksumAlgorithm = typeof CHECKSUM_ALGORITHMS[number];

/** A digest that a client sent for some bytes. */
export interface Digest {
  readonly algorithm: DigestAlgorithm | ChecksumAlgorithm | typeof PARTS_ALGORITHM;
  readonly value: Uint8Array;
}

interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Checks bytes, one piece after the other, against the digests that a client sent for them. */
export class DigestCheck {
  readonly #hashes: readonly { expected: Digest; hash: Hash }[];
  readonly #made: { readonly algorithm: DigestAlgorithm; readonly hash: Hash } | undefined;
  #bytes = 0;

  /** A digest by the `wanted` algorithm is made too, unless one by it is checked. */
  constructor(digests: readonly Digest[], wanted?: DigestAlgorithm) {
    this.#hashes = digests.map((expected) => ({ expected, hash: hashOf(expected.algorithm) }));
    const isKnown = digests.some(({ algorithm }) => algorithm === wanted);
    this.#made = wanted === undefined || isKnown ? undefined : { algorithm: wanted, hash: hashOf(wanted) };
  }

  /** How many bytes were checked so far. */
  get bytes(): number {
    return this.#bytes;
  }

  update(chunk: Uint8Array): void {
    for (const { hash } of this.#hashes) hash.update(chunk);
    this.#made?.hash.update(chunk);
    this.#bytes += chunk.length;
  }

  /** The first digest that does not match the bytes; `undefined` when all match. Ends the check. */
  mismatch(): Digest | undefined {
    return this.#hashes.find(({ expected, hash }) => {
      const actual = hash.digest();
      return actual.length !== expected.value.length || !timingSafeEqual(actual, expected.value);
    })?.expected;
  }

  /** The digest of the bytes that was wanted; none when no other was wanted than those that are checked. Ends the check. */
  made(): readonly Digest[] {
    return this.#made === undefined ? [] : [{ algorithm: this.#made.algorithm, value: this.#made.hash.digest() }];
  }
}

/**
 * True when two lists have a digest of one algorithm, and all such digests are equal; false when one differs;
 * `undefined` when the lists have no algorithm in common.
 */
export function areEqual(some: readonly Digest[] = [], others: readonly Digest[] = []): boolean | undefined {
  const pairs = some.flatMap((one) =>
    others.filter(({ algorithm }) => algorithm === one.algorithm).map(({ value }) => [one.value, value] as const)
  );
  if (pairs.length === 0) return undefined;
  return pairs.every(([one, other]) => one.length === other.length && timingSafeEqual(one, other));
}

function hashOf(algorithm: Digest["algorithm"]): Hash {
  if (algorithm === "crc32") return crc32Hash();
  if (algorithm === PARTS_ALGORITHM) return partsHash();
  return createHash(isDigestAlgorithm(algorithm) ? DIGEST_ALGORITHMS[algorithm] : algorithm);
}

/** True for an algorithm of RFC 9530 that Pawl checks. */
export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(DIGEST_ALGORITHMS, name);
}

/** CRC-32 as four bytes, the highest first. */
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

function partsHash(): Hash {
  const whole = createHash("sha256");
  let part = createHash("sha256");
  let filled = 0;
  const endPart = () => {
    whole.update(part.digest());
    part = createHash("sha256");
    filled = 0;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length;) {
        const some = bytes.subarray(at, at + PART_BYTES - filled);
        part.update(some);
        at += some.length;
        filled += some.length;
        if (filled === PART_BYTES) endPart();
      }
    },
    digest() {
      if (filled > 0) endPart();
      return whole.digest();
    },
  };
}
